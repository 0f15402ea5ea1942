import type { Note } from '@imclr/contract'
import { drawText } from '../codec.js'
import type { Pixels } from '../codec.js'

/** So many notes are written below a contact sheet; the version has them all. */
const maxNotes = 12
const maxLength = 220

/** The notes of a version as blocks of text, each `width` pixels wide at most. Empty where the machine has no font. */
export async function captionOf(notes: readonly Note[], width: number): Promise<Pixels[]> {
  const told = notes.slice(0, maxNotes).map(({ count, message, examples }) => `${count} \u00d7 ${message}: ${shortened(examples.join(', '))}`)
  if (notes.length > maxNotes) told.push(`and ${notes.length - maxNotes} more kinds of notes, in the version`)
  const blocks = await Promise.all(told.map((text) => drawText(text, width)))
  return blocks.filter((block) => block !== null)
}

const shortened = (text: string): string => (text.length > maxLength ? `${[...text].slice(0, maxLength).join('')} \u2026` : text)
