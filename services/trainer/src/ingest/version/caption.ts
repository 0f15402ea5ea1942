import type { Note } from '@imclr/contract'
import { drawText } from '../../image/codec.js'
import type { Pixels } from '../../image/codec.js'

const maxLength = 220

/**
 * The notes of a version, each kind once, as blocks of text of at most `width` pixels. Empty where the machine has no
 * font.
 */
export async function captionOf(notes: readonly Note[], width: number): Promise<Pixels[]> {
  const told = notes.map(
    ({ count, message, examples }) => `${count} \u00d7 ${message}: ${shortened(examples.join(', '))}`,
  )
  const blocks = await Promise.all(told.map((text) => drawText(text, width)))
  return blocks.filter((block) => block !== null)
}

const shortened = (text: string): string =>
  text.length > maxLength ? `${[...text].slice(0, maxLength).join('')} \u2026` : text
