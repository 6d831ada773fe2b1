import { isSignedIn } from '../../data/session.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { PageHead, Section } from '../../ui/section.tsx'
import { VendorsLevel } from '../catalogue/scope.tsx'
import '../catalogue/catalogue.css'

/** The overview for who may only look at the catalogue: what it would show, and the way in. */
export function Visitor() {
  const lead = isSignedIn.value
    ? 'How far the pictures are, what runs and what fails is shown to tokens with the scope operations:read, which yours does not have.'
    : 'Sign in to see how far the pictures are, what runs and what fails. The catalogue is open to you as it is.'
  return (
    <>
      <PageHead
        title="Overview"
        lead={lead}
        aside={
          !isSignedIn.value && (
            <Button kind="primary" icon="key" popovertarget="sign-in">
              Sign in
            </Button>
          )
        }
      >
        A catalogue and its pictures
      </PageHead>
      <Section title="Catalogue" aside={<LinkButton href="/catalogue">All items</LinkButton>}>
        <VendorsLevel />
      </Section>
    </>
  )
}
