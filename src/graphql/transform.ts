import { GraphQLError } from 'graphql'
import { DPR, isHexColour, type THEMES } from '../core/transform-request.ts'
import { builder } from './builder.ts'

builder.scalarType('HexColor', {
  description: 'A colour as #rrggbb; in lower case in responses.',
  serialize: (colour) => colour,
  parseValue: (value) => {
    if (typeof value === 'string' && isHexColour(value)) return value.toLowerCase()
    throw new GraphQLError(`${JSON.stringify(value)?.slice(0, 40)} is not a colour like #1f6feb.`)
  },
})

export const ThemeRef = builder.enumType('Theme', {
  description:
    'The background of a picture, and the colour of art drawn in currentColor. Art with colours of its own keeps them.',
  values: {
    LIGHT: { description: 'Black on white (#ffffff).' },
    DARK: { description: '#f4f4f6 on #1f1f24.' },
    TRANSPARENT: {
      description:
        'Black on a transparent background, for pages of any colour; set `color` to keep the art visible on them.',
    },
  } satisfies Record<(typeof THEMES)[number], object>,
})

const FitRef = builder.enumType('Fit', {
  description: 'How art is fitted into a box with a different aspect ratio.',
  values: {
    CONTAIN: { description: 'All of the art is shown.' },
    COVER: { description: 'The art fills the box and is cropped.' },
  } as const,
})

export const ImageTransformRef = builder.inputType('ImageTransform', {
  description:
    'A picture described by size, background and colour instead of a preset. A width or a height is required; each is rounded up to a size of the ladder. If only one is given, the other follows from the aspect ratio of the art, which is assumed to be square if its size is unknown.',
  fields: (t) => ({
    width: t.int({ description: 'Width in px, at least 1; values beyond the ladder become its largest size.' }),
    height: t.int({ description: 'Height in px, with the same limits as width.' }),
    fit: t.field({
      type: FitRef,
      defaultValue: 'CONTAIN',
      description: 'Only matters if both width and height are given.',
    }),
    padding: t.int({ description: 'Space on each side in px, at least 0.' }),
    background: t.string({
      description:
        "transparent, white, #rrggbb, or auto (white, or dark if most of the art would be invisible on white). Defaults to the theme's.",
    }),
    color: t.field({
      type: 'HexColor',
      description: "The colour of art drawn in currentColor. Defaults to the theme's.",
    }),
    theme: t.field({ type: ThemeRef, description: 'Defaults to LIGHT.' }),
    dpr: t.float({
      description: `Device pixel ratio, by which the sides and the padding are multiplied: ${DPR.min} to ${DPR.max}; 1 by default.`,
    }),
  }),
})
