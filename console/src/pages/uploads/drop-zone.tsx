import { useState } from 'preact/hooks'
import { Icon } from '../../ui/icon.tsx'

/** Takes an archive by dropping, or by choosing it. @param why it may not; then nothing is taken */
export function DropZone({ why, onFile }: { why: string | null; onFile: (file: File) => void }) {
  const [isOver, setOver] = useState(false)
  return (
    <label
      class={`drop${isOver ? ' over' : ''}${why ? ' off' : ''}`}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(!why)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        const file = event.dataTransfer?.files[0]
        if (file && !why) onFile(file)
      }}
    >
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
        <strong>{why ? 'Archives cannot be sent' : 'Drop a ZIP archive here, or choose one'}</strong>
        <span class="muted small">
          {why ?? 'It is checked in this browser first: you see every problem before anything is sent.'}
        </span>
      </span>
    </label>
  )
}
