/** For each file the table row that names it. Takes a few numbers per file, whatever the number of rows. */
export class RowsByFile {
  readonly #seen: Uint8Array
  readonly #line: Uint32Array
  readonly #table: Uint8Array
  readonly #label: Int32Array
  readonly #split: Uint16Array
  readonly #labels = new Words(Infinity)
  /** An honest column of splits has a handful of words. All beyond the limit count as one more unknown word. */
  readonly #splits = new Words(1000)

  /** @param files how many there are in the archive */
  constructor(files: number) {
    this.#seen = new Uint8Array(files)
    this.#line = new Uint32Array(files)
    this.#table = new Uint8Array(files)
    this.#label = new Int32Array(files)
    this.#split = new Uint16Array(files)
  }

  /** Some row names the file, even if the row cannot be used. */
  see(file: number): void {
    this.#seen[file] = 1
  }

  isSeen = (file: number): boolean => this.#seen[file] === 1

  put(file: number, { table, line, label, split }: TableRow): void {
    this.#line[file] = line
    this.#table[file] = table
    this.#label[file] = this.#labels.numberOf(label)
    this.#split[file] = this.#splits.numberOf(split)
  }

  /** The row that names the file; null where none does. */
  rowOf(file: number): TableRow | null {
    const line = this.#line[file]!
    return line === 0
      ? null
      : {
          table: this.#table[file]!,
          line,
          label: this.#labels.at(this.#label[file]!),
          split: this.#splits.at(this.#split[file]!),
        }
  }

  isLabel = (text: string): boolean => this.#labels.has(text)
}

export interface TableRow {
  /** Which of the tables. */
  table: number
  line: number
  /** '' where there is none. */
  label: string
  split: string
}

/** Holds each text once, under a number. */
class Words {
  readonly #limit: number
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    if (this.#texts.length >= this.#limit) return this.#limit
    this.#numbers.set(text, this.#texts.length)
    return this.#texts.push(text) - 1
  }

  at = (number: number): string => this.#texts[number] ?? '\u2026'
  has = (text: string): boolean => this.#numbers.has(text)
}
