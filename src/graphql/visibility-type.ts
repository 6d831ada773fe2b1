import type { Visibility } from '../core/visibility.ts'
import { builder } from './builder.ts'

export const VisibilityRef = builder.enumType('Visibility', {
  description: 'Who may see a family, a set or an item.',
  values: {
    PUBLIC: { description: 'everyone, everywhere' },
    UNLISTED: {
      description: 'everyone who has its id or the URL of a picture: lists, searches and counts leave it out',
    },
    PRIVATE: {
      description:
        'tokens of its vendor, and of all vendors, with scope catalogue:read; its pictures have signed URLs that expire',
    },
  } satisfies Record<Visibility, object>,
})
