/**
 * Reads the pickles of CIFAR's Python archives and nothing else: dictionaries, lists, tuples, strings, small numbers
 * and arrays of bytes, in protocols 2 and 3. Nothing is looked up or called: the three names of numpy that an array is
 * made with are known here, every other name and every other opcode is refused (opcodes: CPython's Lib/pickletools.py).
 */
import { DamagedFile } from '../archive/archive.js'

export interface PickledArray {
  kind: 'array'
  shape: number[]
  fortran: boolean
  /** uint8, a view of the file. */
  data: Uint8Array
}

interface Named {
  kind: 'name'
  name: string
}
interface DType {
  kind: 'dtype'
  type: string
}
type Value = null | boolean | number | string | Uint8Array | PickledArray | Named | DType | Value[] | Map<string, Value>

const names: Record<string, string> = {
  'numpy.core.multiarray _reconstruct': 'reconstruct',
  'numpy._core.multiarray _reconstruct': 'reconstruct',
  'numpy ndarray': 'ndarray',
  'numpy dtype': 'dtype',
}

/** CIFAR-100's largest takes 400,000 opcodes. */
const maxOpcodes = 4_000_000
/**
 * Lists, tuples, dictionaries, names and what is made by calling: a dozen in CIFAR's, and each takes some hundred
 * bytes.
 */
const maxObjects = 100_000
const maxDimensions = 8

/**
 * @returns a Map for a dictionary, an array for a list or a tuple, strings, numbers, PickledArray: the caller checks
 * what it wants
 * @throws DamagedFile with what is wrong, or is not read
 */
export function readPickle(bytes: Uint8Array): unknown {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const memo = new Map<number, Value>()
  const marks: number[] = []
  const stack: Value[] = []
  let at = 0
  const refuse = (what: string): never => {
    throw new DamagedFile(`${what} at byte ${at}; only what CIFAR's pickles hold is read`)
  }
  const take = (length: number): Buffer => {
    if (at + length > content.length) throw new DamagedFile('the pickle ends early')
    return content.subarray(at, (at += length))
  }
  const line = (): string => {
    const end = content.indexOf(10, at)
    if (end < 0 || end - at > 200) refuse('a name without an end')
    return take(end - at + 1)
      .toString('latin1')
      .trimEnd()
  }
  let objects = 0
  const push = (value: Value): void => {
    if (typeof value === 'object' && value !== null && ++objects > maxObjects)
      refuse(`more than ${maxObjects} lists, tuples, dictionaries and other objects`)
    stack.push(value)
  }
  const pop = (): Value => (stack.length > (marks.at(-1) ?? 0) ? stack.pop()! : refuse('an empty stack'))
  const popMarked = (): Value[] => stack.splice(marks.pop() ?? refuse('a missing mark'))
  /** Of Python 2: bytes that may be text. Short ones are names and keys; nothing long is text. */
  const text = (value: Buffer): Value => (value.length < 1024 ? value.toString('latin1') : value)
  const asList = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : refuse('items without a list'))
  const setItems = (target: Value | undefined, items: Value[]): void => {
    if (!(target instanceof Map)) return refuse('items without a dictionary')
    for (let i = 0; i + 1 < items.length; i += 2) {
      const key = items[i]
      if (typeof key !== 'string') return refuse('a key that is no string')
      target.set(key, items[i + 1]!)
    }
  }
  const memoise = (key: number): void => void memo.set(key, stack.at(-1) ?? refuse('nothing to remember'))
  const recall = (key: number): Value => memo.get(key) ?? refuse('nothing remembered')

  for (let opcodes = 0; opcodes < maxOpcodes; opcodes++) {
    const opcode = take(1)[0]!
    switch (opcode) {
      case 0x80:
        if (![2, 3].includes(take(1)[0]!)) refuse('a protocol other than 2 and 3')
        break
      case 0x2e: {
        // .
        const result = pop()
        if (stack.length > 0 || marks.length > 0) refuse('an end that leaves something behind')
        return result
      }
      case 0x28:
        marks.push(stack.length)
        break // (
      case 0x7d:
        push(new Map())
        break // }
      case 0x5d:
      case 0x29:
        push([])
        break // ] )
      case 0x4e:
        push(null)
        break // N
      case 0x88:
        push(true)
        break
      case 0x89:
        push(false)
        break
      case 0x4b:
        push(take(1)[0]!)
        break // K
      case 0x4d:
        push(take(2).readUInt16LE())
        break // M
      case 0x4a:
        push(take(4).readInt32LE())
        break // J
      case 0x55:
      case 0x43:
        push(text(take(take(1)[0]!)))
        break // U, C
      case 0x54:
      case 0x42:
        push(text(take(take(4).readUInt32LE())))
        break // T, B
      case 0x58:
        push(take(take(4).readUInt32LE()).toString('utf8'))
        break // X
      case 0x71:
        memoise(take(1)[0]!)
        break // q
      case 0x72:
        memoise(take(4).readUInt32LE())
        break // r
      case 0x68:
        stack.push(recall(take(1)[0]!))
        break // h
      case 0x6a:
        stack.push(recall(take(4).readUInt32LE()))
        break // j
      case 0x61: {
        const item = pop()
        asList(stack.at(-1)).push(item)
        break
      } // a
      case 0x65: {
        const items = popMarked()
        const list = asList(stack.at(-1))
        for (const item of items) list.push(item)
        break
      } // e
      case 0x73: {
        const value = pop()
        const key = pop()
        setItems(stack.at(-1), [key, value])
        break
      } // s
      case 0x75: {
        const items = popMarked()
        setItems(stack.at(-1), items)
        break
      } // u
      case 0x74: {
        const items = popMarked()
        push(items)
        break
      } // t
      case 0x85:
        push([pop()])
        break
      case 0x86: {
        const [b, a] = [pop(), pop()]
        push([a, b])
        break
      }
      case 0x87: {
        const [c, b, a] = [pop(), pop(), pop()]
        push([a, b, c])
        break
      }
      case 0x63: {
        // c
        const name = `${line()} ${line()}`
        push({ kind: 'name', name: names[name] ?? refuse(`the name ${JSON.stringify(name)}`) })
        break
      }
      case 0x52: {
        const args = pop()
        push(made(pop(), asList(args), refuse))
        break
      } // R
      case 0x62: {
        const state = pop()
        build(stack.at(-1), asList(state), refuse)
        break
      } // b
      default:
        at--
        refuse(`the opcode 0x${opcode.toString(16)}`)
    }
  }
  return refuse(`more than ${maxOpcodes} opcodes`)
}

type Refuse = (what: string) => never

/** The value that a call of one of the three names stands for. */
function made(callee: Value, [first]: Value[], refuse: Refuse): Value {
  if (isKind(callee, 'name') && callee.name === 'reconstruct')
    return { kind: 'array', shape: [], fortran: false, data: new Uint8Array() }
  if (isKind(callee, 'name') && callee.name === 'dtype' && typeof first === 'string')
    return { kind: 'dtype', type: first }
  return refuse('a call')
}

/** Fills an array (version, shape, dtype, Fortran's order, bytes). The state of a dtype does not matter for bytes. */
function build(target: Value | undefined, state: Value[], refuse: Refuse): void {
  if (isKind(target, 'dtype')) return
  const [, shape, dtype, fortran, data] = state
  if (!isKind(target, 'array') || !Array.isArray(shape) || shape.length > maxDimensions || !isKind(dtype, 'dtype'))
    return refuse('a state')
  if (dtype.type !== 'u1') return refuse(`an array of ${dtype.type.slice(0, 20)}`)
  const sides = shape.map((side) => (typeof side === 'number' && side >= 0 ? side : refuse('a shape')))
  if (!(data instanceof Uint8Array) || data.length !== sides.reduce((product, side) => product * side, 1))
    return refuse('an array whose bytes do not fit its shape')
  Object.assign(target, { shape: sides, fortran: fortran === true, data })
}

export const isPickledArray = (value: unknown): value is PickledArray =>
  value instanceof Object && 'kind' in value && value.kind === 'array'

const isKind = <K extends 'name' | 'dtype' | 'array'>(
  value: Value | undefined,
  kind: K,
): value is Extract<Value, { kind: K }> =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
