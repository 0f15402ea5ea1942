import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import { DamagedFile, type OpenFile, openParquet } from '@imclr/trainer/ingest/testing'

const fixtures = join(import.meta.dirname, 'fixtures')
const names = readdirSync(fixtures).filter((name) => name.endsWith('.parquet'))
const fileOf = (bytes: Uint8Array): OpenFile => ({
  bytes: bytes.length,
  read: (offset, length) =>
    offset >= 0 && length >= 0 && offset + length <= bytes.length
      ? Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length)))
      : Promise.reject(new DamagedFile('it ends early')),
})

/** Every value of every column that we read, by its path. */
async function ours(bytes: Uint8Array): Promise<Record<string, unknown[]>> {
  const table = await openParquet(fileOf(bytes))
  const leaves = table.columns.flatMap(({ leaf, fields }) => (leaf ? [leaf] : [...fields.values()]))
  const found: Record<string, unknown[]> = Object.fromEntries(leaves.map(({ path }) => [path.join('.'), []]))
  for await (const columns of table.read(leaves))
    columns.forEach((cells, i) => {
      for (const cell of cells) found[leaves[i]!.path.join('.')]!.push(comparable(cell))
    })
  return found
}

/** The same by hyparquet, which shares no line with ours. */
async function theirs(bytes: Uint8Array, paths: readonly string[]): Promise<Record<string, unknown[]>> {
  const buffer = Uint8Array.from(bytes).buffer
  const file = { byteLength: buffer.byteLength, slice: (start: number, end?: number) => buffer.slice(start, end) }
  const compressors = {
    GZIP: (input: Uint8Array) => gunzipSync(input),
    BROTLI: (input: Uint8Array) => brotliDecompressSync(input),
  }
  const rows = await parquetReadObjects({ file, compressors, utf8: false })
  return Object.fromEntries(
    paths.map((path) => [
      path,
      rows.map((row) =>
        comparable(
          path
            .split('.')
            .reduce<unknown>(
              (value, part) => (value instanceof Object ? (value as Record<string, unknown>)[part] : null),
              row,
            ),
        ),
      ),
    ]),
  )
}

function comparable(value: unknown): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') return Buffer.from(value).toString('base64')
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

describe('Parquet', () => {
  it.each(names)('is read as hyparquet reads it: %s', async (name) => {
    const bytes = readFileSync(join(fixtures, name))
    const found = await ours(bytes)
    expect(Object.keys(found).length).toBeGreaterThan(2)
    expect(found).toEqual(await theirs(bytes, Object.keys(found)))
  })

  it('gives no values for a column of lists', async () => {
    const { columns } = await openParquet(fileOf(readFileSync(join(fixtures, 'encoded-plain.parquet'))))
    expect(columns.find(({ name }) => name === 'list')).toMatchObject({ leaf: null })
  })

  it('with any one byte changed gives an error for a damaged file or other values, and nothing worse', async () => {
    for (const name of names.filter((one) => one.startsWith('encoded'))) {
      const bytes = readFileSync(join(fixtures, name))
      for (let at = 3; at < bytes.length; at += 7) {
        const changed = Buffer.from(bytes)
        changed[at]! ^= 1 << (at & 7)
        const error: unknown = await ours(changed).then(
          () => null,
          (reason: unknown) => reason,
        )
        if (error !== null) expect(error).toBeInstanceOf(DamagedFile)
      }
    }
  }, 120_000)
})
