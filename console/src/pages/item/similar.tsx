import { useQuery } from '../../data/query.ts'
import { ItemSimilar } from '../../generated.ts'
import { moveInGrid } from '../../shell/keys.ts'
import { Section } from '../../ui/section.tsx'
import { Card } from '../catalogue/card.tsx'
import '../catalogue/catalogue.css'

export function Similar({ uniqueId, preset }: { uniqueId: string; preset: string }) {
  const nodes = useQuery(ItemSimilar, { uniqueId, preset }).data?.item?.similar.nodes ?? []
  if (nodes.length === 0) return null
  return (
    <Section title="Looks alike">
      <ul class="similar" onKeyDown={moveInGrid}>
        {nodes.map((item) => (
          <li key={item.uniqueId}>
            <Card item={item} />
          </li>
        ))}
      </ul>
    </Section>
  )
}
