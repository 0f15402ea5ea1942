import { Html } from './html.js'

/**
 * Attributes that colour a cell. 0 gives the page's background and 1 the full colour. On a strong colour the text
 * changes too.
 */
export function heat(share: number, colour: 'heat' | 'good' = 'heat'): Html {
  const strength = Math.round(100 * Math.min(1, Math.max(0, share)))
  const mixed = `background:color-mix(in oklab, var(--${colour}) ${strength}%, var(--paper))`
  return new Html(`style="${mixed}" class="cell${strength > 74 ? ' hot' : ''}"`)
}
