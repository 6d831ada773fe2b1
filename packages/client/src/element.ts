import { imageSrcSet, imageUrl, type Theme } from './image-url.ts'
import type { PictureFields } from './operations.ts'
import { type ColorScheme, groundOf, sourcesOf } from './picture-parts.ts'

/** Device pixel ratios for which a picture made from attributes is offered. */
const DENSITIES = [1, 2, 3]
/** Its width if the attribute is missing. */
const WIDTH_PX = 256

/**
 * `<afterimage-picture>`. It is used either with attributes, which need no query because they lead to stable addresses:
 *
 *     <afterimage-picture base="https://images.example.com" item="ABCDEFGHIJKL" width="96" height="96" alt="House" theme="auto">
 *
 * or with the properties `picture` and `dark`, as PICTURE_FIELDS selects them, and the attributes `color-scheme="light|dark|auto"` and
 * `sizes`. Its box is laid out before the picture has loaded. The picture is a child rather than in a shadow tree, so the page's CSS
 * applies to `afterimage-picture img`.
 */
export class AfterimagePicture extends HTMLElement {
  static readonly observedAttributes = [
    'base',
    'item',
    'width',
    'height',
    'alt',
    'theme',
    'color',
    'sizes',
    'color-scheme',
    'loading',
  ]

  #picture: PictureFields | null = null
  #dark: PictureFields | null = null
  #isDue = false

  get picture(): PictureFields | null {
    return this.#picture
  }
  set picture(picture: PictureFields | null) {
    this.#picture = picture
    this.#drawSoon()
  }

  get dark(): PictureFields | null {
    return this.#dark
  }
  set dark(dark: PictureFields | null) {
    this.#dark = dark
    this.#drawSoon()
  }

  connectedCallback(): void {
    this.#drawSoon()
  }
  attributeChangedCallback(): void {
    this.#drawSoon()
  }

  /** Draws once for everything set in one go; otherwise a picture for half of the attributes would be requested. */
  #drawSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      if (this.isConnected) this.#draw()
    })
  }

  #draw(): void {
    const drawn = this.#picture ? this.#fromPicture(this.#picture) : this.#fromAttributes()
    this.replaceChildren(...(drawn ? [drawn] : []))
  }

  #fromPicture(light: PictureFields): HTMLPictureElement {
    const scheme = this.getAttribute('color-scheme')
    const colorScheme: ColorScheme = scheme === 'dark' || scheme === 'auto' ? scheme : 'light'
    const choice = { dark: this.#dark, colorScheme }
    const shown = (colorScheme === 'dark' && this.#dark) || light
    const sizes = this.getAttribute('sizes') ?? `${shown.width}px`
    const sources = sourcesOf(shown, choice).map((source) => sourceOf({ ...source, sizes }))
    const image = this.#imageOf({ ...shown, sizes })
    const ground = groundOf(shown, choice)
    Object.assign(image.style, ground)
    // Transparent art would otherwise lie on top of its own placeholder.
    image.addEventListener('load', () => {
      for (const name of Object.keys(ground) as (keyof typeof ground)[]) image.style[name] = ''
    })
    return pictureOf(sources, image)
  }

  #fromAttributes(): HTMLPictureElement | null {
    const [base, item] = [this.getAttribute('base'), this.getAttribute('item')]
    if (base === null || !item) return null
    const width = Number(this.getAttribute('width') ?? WIDTH_PX)
    const height = Number(this.getAttribute('height') ?? width)
    const color = this.getAttribute('color') ?? undefined
    const sizes = this.getAttribute('sizes') ?? `${width}px`
    const theme = this.getAttribute('theme')
    const widths = DENSITIES.map((density) => density * width)
    const srcSet = (of: Theme) => imageSrcSet(base, item, { widths, theme: of, color })
    const shown: Theme = theme === 'dark' || theme === 'transparent' ? theme : 'light'
    const dark = { media: '(prefers-color-scheme: dark)', type: 'image/webp', srcSet: srcSet('dark'), sizes }
    const image = this.#imageOf({
      src: imageUrl(base, item, { width, theme: shown, color }),
      srcSet: srcSet(shown),
      sizes,
      width,
      height,
      alt: '',
    })
    return pictureOf(theme === 'auto' ? [sourceOf(dark)] : [], image)
  }

  #imageOf(
    shown: Pick<PictureFields, 'src' | 'srcSet' | 'width' | 'height' | 'alt'> & { sizes: string },
  ): HTMLImageElement {
    const image = document.createElement('img')
    image.width = Number(this.getAttribute('width') ?? shown.width)
    image.height = Number(this.getAttribute('height') ?? shown.height)
    image.alt = this.getAttribute('alt') ?? shown.alt
    image.decoding = 'async'
    image.loading = this.getAttribute('loading') === 'eager' ? 'eager' : 'lazy'
    image.sizes = shown.sizes
    // Set last, since it starts loading.
    image.srcset = shown.srcSet
    image.src = shown.src
    return image
  }
}

function sourceOf({ type, srcSet, media, sizes }: { type: string; srcSet: string; media?: string; sizes: string }) {
  const source = document.createElement('source')
  source.type = type
  source.srcset = srcSet
  source.sizes = sizes
  if (media) source.media = media
  return source
}

function pictureOf(sources: readonly HTMLSourceElement[], image: HTMLImageElement): HTMLPictureElement {
  const picture = document.createElement('picture')
  picture.append(...sources, image)
  return picture
}

if (!customElements.get('afterimage-picture')) customElements.define('afterimage-picture', AfterimagePicture)

declare global {
  interface HTMLElementTagNameMap {
    'afterimage-picture': AfterimagePicture
  }
}
