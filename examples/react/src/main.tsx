import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '../../html/style.css'
import './style.css'
import { CataloguePage } from './catalogue-page.tsx'
import { FamilyPage } from './family-page.tsx'

const [, family] = /^\/family\/([A-Z0-9]{12})$/.exec(location.pathname) ?? []
const root = document.querySelector('#root')
if (root)
  createRoot(root).render(<StrictMode>{family ? <FamilyPage uniqueId={family} /> : <CataloguePage />}</StrictMode>)
