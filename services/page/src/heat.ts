import { Html } from './html.js'

/** Attributes that colour a cell: 0 is the page's paper, 1 the full colour; from about the middle on the text changes too. */
export function heat(share: number, colour: 'heat' | 'good' = 'heat'): Html {
  const strength = Math.round(100 * Math.min(1, Math.max(0, share)))
  const mixed = `background:color-mix(in oklab, var(--${colour}) ${strength}%, var(--paper))`
  return new Html(`style="${mixed}" class="cell${strength > 74 ? ' hot' : ''}"`)
}
