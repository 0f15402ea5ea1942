import { noteCodes, noteKinds, plainText } from '@imclr/contract'
import type { Note, NoteCode } from '@imclr/contract'

const maxExamples = 5
const maxExampleLength = 200

/**
 * Collects what preparing does with an upload without being asked (the contract's `noteKinds`): counts, and a few
 * examples of each kind.
 */
export class Notes {
  readonly #found = new Map<NoteCode, { count: number; examples: string[] }>()

  /** @param example what it was done to: a path, or a path and what became of it */
  add(code: NoteCode, example: string, count = 1): void {
    const found = this.#found.get(code) ?? { count: 0, examples: [] }
    found.count += count
    if (found.examples.length < maxExamples) found.examples.push(plainText(example.slice(0, maxExampleLength)))
    this.#found.set(code, found)
  }

  /** In the order of the table of kinds. */
  get list(): Note[] {
    return noteCodes.flatMap((code) => {
      const found = this.#found.get(code)
      return found === undefined ? [] : [{ code, message: noteKinds[code], ...found }]
    })
  }
}
