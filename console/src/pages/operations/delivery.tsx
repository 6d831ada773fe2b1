import { Doctor } from '../why/doctor.tsx'
import { OperationsHead } from './head.tsx'
import '../why/why.css'

/** What the doctor finds about the way of a picture from the buckets to a browser. */
export default function Delivery() {
  return (
    <>
      <OperationsHead
        path="/operations/delivery"
        lead="Reads the CDN's configuration, and asks the public address for a picture, as a browser would."
      />
      <Doctor />
    </>
  )
}
