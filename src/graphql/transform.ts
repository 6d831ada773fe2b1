import { GraphQLError } from 'graphql'
import { DPR, isHexColour, type THEMES } from '../core/transform-request.ts'
import { builder } from './builder.ts'

builder.scalarType('HexColor', {
  description: 'A colour as #rrggbb, in lower case when it is answered.',
  serialize: (colour) => colour,
  parseValue: (value) => {
    if (typeof value === 'string' && isHexColour(value)) return value.toLowerCase()
    throw new GraphQLError(`${JSON.stringify(value)?.slice(0, 40)} is not a colour like #1f6feb.`)
  },
})

export const ThemeRef = builder.enumType('Theme', {
  description: 'The ground of a picture and the ink of art in currentColor. Art with colours of its own keeps them.',
  values: {
    LIGHT: { description: 'On white (#ffffff), in black.' },
    DARK: { description: 'On #1f1f24, in #f4f4f6.' },
    TRANSPARENT: {
      description: 'On nothing, in black: for pages of any colour, with `color` for art that must be seen on them.',
    },
  } satisfies Record<(typeof THEMES)[number], object>,
})

const FitRef = builder.enumType('Fit', {
  description: 'How art of one ratio is laid into a box of another.',
  values: {
    CONTAIN: { description: 'All of it is shown.' },
    COVER: { description: 'It fills the box and is cropped.' },
  } as const,
})

export const ImageTransformRef = builder.inputType('ImageTransform', {
  description:
    'A picture by size, ground and colour instead of a preset. A width or a height is needed; each is snapped up to a size of the ladder. With one of them the other follows from the ratio of the art, which is taken for square where its size is not known.',
  fields: (t) => ({
    width: t.int({ description: 'px, from 1; what is larger than the ladder gets its largest size.' }),
    height: t.int({ description: 'As width.' }),
    fit: t.field({ type: FitRef, defaultValue: 'CONTAIN', description: 'Matters only where both sides are given.' }),
    padding: t.int({ description: 'Free px on each side, from 0.' }),
    background: t.string({
      description:
        "transparent, white, #rrggbb, or auto: white, or dark where most of the art would be lost on white. The theme's unless given.",
    }),
    color: t.field({ type: 'HexColor', description: "The colour of art in currentColor. The theme's unless given." }),
    theme: t.field({ type: ThemeRef, description: 'LIGHT unless given.' }),
    dpr: t.float({ description: `Multiplies the sides and the padding: ${DPR.min} to ${DPR.max}, 1 unless given.` }),
  }),
})
