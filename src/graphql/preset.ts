import type { Preset } from '../core/variant.ts'
import { builder, CATALOGUE_READ } from './builder.ts'
import { ImageFormatRef } from './image.ts'

const PresetRef = builder.objectRef<Preset>('Preset').implement({
  description: 'A named size and look of pictures.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name, for arguments that take a preset.' }),
    width: t.exposeInt('width', { description: 'Width in px.' }),
    height: t.exposeInt('height', { description: 'Height in px.' }),
    background: t.exposeString('background', {
      nullable: true,
      description: '#rrggbb, null for transparent, or auto.',
    }),
    watermark: t.boolean({
      description: 'Whether a watermark is drawn over it.',
      resolve: ({ watermark }) => watermark !== null,
    }),
    backfill: t.exposeBoolean('backfill', {
      description:
        'Whether backfills include it by default. If false, its pictures are made only on request, or by a backfill that names it.',
    }),
    formats: t.field({
      type: [ImageFormatRef],
      description: 'The formats it is offered in; a backfill renders the first one by default.',
      resolve: ({ formats }) => [...formats],
    }),
  }),
})

builder.queryField('presets', (t) =>
  t.field({
    type: [PresetRef],
    authScopes: CATALOGUE_READ,
    description: 'The presets that `Item.image` takes.',
    resolve: (_root, _args, { app }) => [...app.presets.values()],
  }),
)
