import { useEffect, useRef, useState } from 'preact/hooks'
import { hasFiles } from '../../shell/drops.ts'
import { Icon } from '../../ui/icon.tsx'

/** Takes an archive that is dropped anywhere on the page, or chosen. @param why it may not; then nothing is taken */
export function DropZone({ why, onFile }: { why: string | null; onFile: (file: File) => void }) {
  const [isOver, setOver] = useState(false)
  const take = useRef(onFile)
  take.current = onFile
  useEffect(() => {
    if (why) return
    const onDrag = (event: DragEvent) => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setOver(true)
    }
    const onLeave = (event: DragEvent) => {
      // Not from one element of the page to another.
      if (!event.relatedTarget) setOver(false)
    }
    const onDrop = (event: DragEvent) => {
      setOver(false)
      const [file] = event.dataTransfer?.files ?? []
      if (!file) return
      event.preventDefault()
      take.current(file)
    }
    document.addEventListener('dragover', onDrag)
    document.addEventListener('dragleave', onLeave)
    document.addEventListener('drop', onDrop)
    return () => {
      document.removeEventListener('dragover', onDrag)
      document.removeEventListener('dragleave', onLeave)
      document.removeEventListener('drop', onDrop)
    }
  }, [why])
  return (
    <label class={`drop${isOver ? ' over' : ''}${why ? ' off' : ''}`}>
      <input
        class="hidden"
        type="file"
        accept=".zip,application/zip"
        disabled={why !== null}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file) onFile(file)
          // The same file again is another choice: it may have been mended.
          currentTarget.value = ''
        }}
      />
      <Icon name="uploads" size={28} />
      <span class="stack drop-words">
        <strong>{why ? 'Archives cannot be sent' : 'Drop a ZIP archive on this page, or choose one'}</strong>
        <span class="muted small">
          {why ?? 'It is checked in this browser first: you see every problem before anything is sent.'}
        </span>
      </span>
    </label>
  )
}
