import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { partPath } from './findPart.js'

const oracles = join(dirname(fileURLToPath(import.meta.url)), '..', 'oracles')

export interface OracleArray {
  data: Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array
  shape: number[]
}

const dtypes = { Uint8Array, Uint16Array, Int32Array, Float32Array, Float64Array }
const dtypeOf = (data: OracleArray['data']) => data.constructor.name.replace('Array', '').toLowerCase()
const arrayOf = (dtype: string) => {
  const found = Object.entries(dtypes).find(([name]) => name.replace('Array', '').toLowerCase() === dtype)
  if (!found) throw new TypeError(`an oracle answered with dtype ${dtype}`)
  return found[1]
}

/**
 * Runs `test/oracles/<script>` with the Python of `requirePart('python')` and gives back its answer. Arrays go to it
 * and come back as numpy arrays (see exchange.py).
 *
 * @throws Error with what Python wrote to its standard error
 */
export function python<Answer>(
  script: string,
  value: unknown,
  arrays: OracleArray[] = [],
): { value: Answer; arrays: OracleArray[] } {
  const head = Buffer.from(
    JSON.stringify({ value, arrays: arrays.map(({ data, shape }) => ({ dtype: dtypeOf(data), shape })) }),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  const body = arrays.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  const run = spawnSync(partPath('python'), [join(oracles, script)], {
    input: Buffer.concat([length, head, ...body]),
    maxBuffer: 2 ** 30,
  })
  if (run.status !== 0) throw new Error(`${script} failed: ${run.error?.message ?? run.stderr.toString()}`)
  const end = 4 + run.stdout.readUInt32LE(0)
  const answer = JSON.parse(run.stdout.toString('utf8', 4, end)) as {
    value: Answer
    arrays: { dtype: string; shape: number[] }[]
  }
  let offset = end
  const results = answer.arrays.map(({ dtype, shape }) => {
    const type = arrayOf(dtype)
    const bytes = shape.reduce((product, side) => product * side, 1) * type.BYTES_PER_ELEMENT
    const data = new type(new Uint8Array(run.stdout.subarray(offset, (offset += bytes))).buffer)
    return { data, shape }
  })
  return { value: answer.value, arrays: results }
}
