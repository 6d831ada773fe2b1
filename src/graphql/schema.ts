import { builder } from './builder.ts'
import './vendor.ts'
import './family.ts'
import './icon-set.ts'
import './item.ts'
import './image.ts'
import './preset.ts'
import './layout.ts'
import './backfill.ts'
import './backfill-plan.ts'
import './coverage.ts'
import './take-down.ts'
import './delivery-health.ts'
import './webhook.ts'
import './upload.ts'
import './manifest.ts'

/** The whole schema: importing a domain type's file adds it to the builder. */
export const schema = builder.toSchema()
