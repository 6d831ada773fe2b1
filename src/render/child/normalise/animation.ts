import type { Declared } from './cascade.ts'
import { type Declaration, declare } from './declarations.ts'
import { mix, secondsOf, valueAt } from './interpolate.ts'
import { motionAt, shareOf } from './motion.ts'
import type { Keyframe } from './sheet.ts'
import type { Element, Findings, Tree } from './tree.ts'
import { split } from './values.ts'

/**
 * Which moment of an animated document is drawn: the start, or the end (for looping animations, a quarter or half of the way through).
 */
export type Moment = 'start' | 'quarter' | 'half'

const SHARE: Readonly<Record<Moment, number>> = { start: 0, quarter: 0.25, half: 0.5 }

/** SMIL values by attribute name; they override all CSS. */
export type Animated = ReadonlyMap<Element, ReadonlySet<string>>

/**
 * Writes the values of `animate`, `set` and `animateTransform` at the chosen moment onto their targets: the frozen end value, or one
 * partway.
 */
export function applySmil(tree: Tree, moment: Moment): Animated {
  const animated = new Map<Element, Set<string>>()
  if (moment === 'start') return animated
  const loop = tree.animations.find(isLoop)
  const now = (secondsOf(loop?.given.dur) ?? 1) * SHARE[moment]
  for (const animation of tree.animations) {
    const { given, name } = animation
    const href = given.href?.trim()
    const target = href?.startsWith('#') ? tree.ids.get(href.slice(1)) : animation.parent
    if (target && name === 'animateMotion') {
      const moved = motionAt(animation, { tree, share: shareOf(animation, { now, isLoop: isLoop(animation) }) })
      // Applied outside any other transform.
      if (moved !== null)
        target.given = { ...target.given, transform: `${moved} ${target.given.transform ?? ''}`.trim() }
      continue
    }
    const attribute = name === 'animateTransform' ? 'transform' : given.attributeName?.trim()
    if (!target || !attribute || /^(?:href|style|class|id)$|:/.test(attribute)) continue
    const value = valueOfAnimation(animation, { now, base: target.given[attribute] })
    if (value === null) continue
    const before = given.additive === 'sum' ? `${target.given[attribute] ?? ''} ` : ''
    const written = name === 'animateTransform' ? `${before}${given.type ?? 'translate'}(${value})` : value
    target.given = { ...target.given, [attribute]: written }
    const names = animated.get(target) ?? new Set()
    animated.set(target, names.add(attribute))
  }
  return animated
}

const isLoop = ({ given }: Element): boolean => given.repeatCount === 'indefinite' || given.repeatDur === 'indefinite'

function valueOfAnimation(animation: Element, { now, base }: { now: number; base: string | undefined }): string | null {
  const { name, given } = animation
  if (name === 'animateColor') return null
  if (name === 'set') return given.to ?? null
  const written = given.values?.split(';').map((value) => value.trim()) ?? []
  const values = written.filter((value) => value !== '')
  const list =
    values.length > 0 ? values : [given.from ?? base, given.to ?? given.by].filter((value) => value !== undefined)
  if (list.length === 0) return null
  const isFrozen = given.fill === 'freeze' && !isLoop(animation)
  if (isFrozen) return list.at(-1) ?? null
  const duration = secondsOf(given.dur) ?? 0
  const begin = secondsOf(given.begin?.split(';')[0]) ?? 0
  const phase = duration > 0 ? (now - begin) / duration : 0.5
  // Animations that have not begun have no effect yet.
  if (phase < 0) return base ?? list[0] ?? null
  const times = given.keyTimes?.split(';').map(Number)
  const share = isLoop(animation) ? phase % 1 : 0.5
  if (given.calcMode === 'discrete') return list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? null
  return valueAt(list, share, times?.length === list.length ? times : null)
}

/** The context in which keyframe values are interpolated. */
export interface KeyframeOptions {
  readonly keyframes: ReadonlyMap<string, readonly Keyframe[]>
  readonly moment: Moment
  readonly findings: Findings
}

/** Overrides an element's declarations with the frame of its CSS animations at the chosen moment. */
export function applyKeyframes(declared: Declared, { keyframes, moment, findings }: KeyframeOptions): void {
  const shorthand = declared.get('animation')?.text ?? ''
  const longhand = declared.get('animation-name')?.text
  for (const [index, part] of split(longhand ?? shorthand, ',')
    .slice(0, 20)
    .entries()) {
    const words = split(longhand === undefined ? part : `${part} ${longhands(declared, index)}`, ' ')
    const name = words.find((word) => keyframes.has(word))
    const frames = name === undefined ? undefined : keyframes.get(name)
    if (!frames || frames.length === 0) continue
    const [duration = 1, delay = 0] = words.map(secondsOf).filter((seconds) => seconds !== null)
    const isHeld = (words.includes('forwards') || words.includes('both')) && !words.includes('infinite')
    const isReverse = words.includes('reverse')
    const phase = isHeld ? 1 : (((SHARE[moment] - Math.min(0, delay) / (duration || 1)) % 1) + 1) % 1
    const at = isReverse ? 1 - phase : phase
    for (const property of new Set(frames.flatMap(({ declarations }) => declarations.map((one) => one.property)))) {
      const declaration = frameOf(property, { frames, at, declared, findings })
      if (!declaration) continue
      declared.delete(property)
      declared.set(property, declaration)
    }
  }
}

interface Frame {
  readonly frames: readonly Keyframe[]
  readonly at: number
  readonly declared: Declared
  readonly findings: Findings
}

/**
 * Interpolates one property between the frames around a time (as a fraction of the duration); a missing frame is the unanimated value.
 */
function frameOf(property: string, { frames, at, declared, findings }: Frame): Declaration | null {
  const own = frames.flatMap((frame) => {
    const declaration = frame.declarations.find((one) => one.property === property)
    return declaration ? [{ at: frame.at, declaration }] : []
  })
  const before = own.findLast((frame) => frame.at <= at)?.declaration ?? declared.get(property)
  const after = own.find((frame) => frame.at > at)?.declaration ?? declared.get(property)
  if (!before || !after || before === after) return before ?? after ?? null
  const from = own.findLast((frame) => frame.at <= at)?.at ?? 0
  const to = own.find((frame) => frame.at > at)?.at ?? 1
  const text = mix(before.text, after.text, to > from ? (at - from) / (to - from) : 0)
  return declare(property, text, { isImportant: false, findings })[0] ?? before
}

const LONGHANDS = [
  'animation-duration',
  'animation-delay',
  'animation-iteration-count',
  'animation-fill-mode',
  'animation-direction',
]

const longhands = (declared: Declared, index: number): string =>
  LONGHANDS.map((property) => {
    const list = split(declared.get(property)?.text ?? '', ',')
    return list[index % list.length] ?? ''
  }).join(' ')

/** True if an element has a CSS animation. */
export const isAnimated = (declared: Declared): boolean => declared.has('animation') || declared.has('animation-name')
