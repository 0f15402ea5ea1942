/**
 * The headers of a tar file: those of 1979 (v7), ustar and pax (POSIX.1-2001), and GNU's. Our own code reads them: it
 * gives names as bytes in every format, skips the data without reading them, and limits what it holds of the headers.
 */
import { isUtf8 } from 'node:buffer'
import { DamagedFile } from './archive.js'
import type { OpenFile } from './archive.js'
import type { EntryKind, RawEntry } from './rawEntry.js'
import { rawName } from './rawEntry.js'
import { isTarHeader } from './sniff.js'
import { Window } from './window.js'

export interface TarEntry extends RawEntry {
  /** Of its content. */
  offset: number
}

const block = 512
const windowBytes = 64 * 1024
/** Of a pax header or a long name; these are read whole. */
const maxHeaderBytes = 2 ** 20

/** Fields of an entry from the extended headers before its own. */
interface Said {
  path?: Buffer
  /** pax says that its paths are UTF-8; GNU's long names are bytes like any. */
  pathIsText?: boolean
  target?: Buffer
  size?: number
  isSparse?: boolean
}

/** @throws DamagedFile where a header is none, or the file ends before the archive does */
export async function* readTar(file: OpenFile): AsyncGenerator<TarEntry> {
  const window = new Window(file, windowBytes)
  let everywhere: Said = nothing
  let said: Said = nothing
  let zeros = 0
  let cursor = 0
  while (cursor + block <= file.bytes) {
    const header = await window.at(cursor, block)
    if (header.equals(emptyBlock)) {
      zeros++
      cursor += block
      continue
    }
    if (!isTarHeader(header)) {
      if (zeros > 1) return // the archive has ended; what follows is padding
      throw new DamagedFile(`at byte ${cursor} the tar header is damaged`)
    }
    zeros = 0
    const type = String.fromCharCode(header[156]!)
    const claimed = numberAt(header, 124)
    const content = cursor + block
    if ('gxXLK'.includes(type)) {
      if (claimed > maxHeaderBytes)
        throw new DamagedFile(
          `at byte ${cursor} a header for names has ${claimed} bytes, at most ${maxHeaderBytes} are read`,
        )
      const text = Buffer.from(await window.at(content, claimed))
      if (type === 'g') everywhere = { ...everywhere, ...readPax(text) }
      else if (type === 'K') said = { ...said, target: upToZero(text) }
      else said = { ...said, ...(type === 'L' ? { path: upToZero(text), pathIsText: false } : readPax(text)) }
      cursor = content + padded(claimed)
      continue
    }
    const about = said === nothing ? everywhere : { ...everywhere, ...said }
    said = nothing
    const named =
      about.path === undefined
        ? rawName(ownName(header), false)
        : rawName(about.path, about.pathIsText === true && isUtf8(about.path))
    const kind = kindOf(type, named.name, about.isSparse === true)
    const bytes = '123456'.includes(type) ? 0 : (about.size ?? claimed)
    let offset = content
    // The map of GNU's old sparse files may go on in blocks behind the header.
    for (let more = type === 'S' && header[482] === 1; more; offset += block)
      more = (await window.at(offset, block))[504] === 1
    if (offset + bytes > file.bytes)
      throw new DamagedFile(`the entry at byte ${cursor} claims ${bytes} bytes, more than are there`)
    if (type !== 'V')
      yield {
        ...named,
        kind,
        bytes,
        offset,
        ...(kind.endsWith('link')
          ? { target: (about.target ?? upToZero(header.subarray(157, 257))).toString('utf8', 0, 200) }
          : {}),
      }
    cursor = offset + padded(bytes)
  }
  if (zeros === 0 || (zeros === 1 && cursor < file.bytes)) throw new DamagedFile('the tar archive in it has no end')
}

const nothing: Said = {}
const emptyBlock = Buffer.alloc(block)
const padded = (bytes: number): number => Math.ceil(bytes / block) * block

function kindOf(type: string, name: string, isSparse: boolean): EntryKind {
  switch (type) {
    case '0':
    case '\0':
    case '7':
      return name.endsWith('/') ? 'folder' : isSparse ? 'sparse file' : 'file'
    case 'S':
      return 'sparse file'
    case '5':
    case 'D': // of GNU's incremental archives: a folder with a list of its files
      return 'folder'
    case '1':
      return 'hard link'
    case '2':
      return 'symbolic link'
    default:
      return 'special file'
  }
}

/** ustar puts the beginning of long names into a field of its own; where GNU has other things. */
function ownName(header: Buffer): Buffer {
  const name = upToZero(header.subarray(0, 100))
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0'
  return isUstar && header[345] !== 0
    ? Buffer.concat([upToZero(header.subarray(345, 500)), Buffer.from('/'), name])
    : name
}

function upToZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

/**
 * Twelve bytes: octal digits among spaces and zeros; or a number to the base 256, where the first bit is set.
 *
 * @throws DamagedFile where it is none
 */
function numberAt(header: Buffer, at: number): number {
  const field = header.subarray(at, at + 12)
  if (field[0]! >= 0x80) {
    const value = Number(BigInt(`0x${field.toString('hex')}`) & ((1n << 95n) - 1n))
    if (field[0] === 0x80 && Number.isSafeInteger(value)) return value
    throw new DamagedFile('a tar header claims a size that no file has')
  }
  const digits = /^[ \0]*([0-7]*)(?:[ \0]|$)/.exec(field.toString('latin1'))?.[1]
  if (digits === undefined) throw new DamagedFile('a tar header has a size that is no number')
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

/**
 * Reads entries of the form "<length> <key>=<value>\n" and keeps those with the keys below.
 *
 * @throws DamagedFile for an entry of another form
 */
function readPax(text: Buffer): Said {
  const said: Said = {}
  for (let at = 0; at < text.length && text[at] !== 0;) {
    const digits = /^(\d{1,7}) /.exec(text.toString('latin1', at, at + 8))?.[1]
    const end = at + Number(digits)
    const equals = text.indexOf('=', at)
    if (digits === undefined || end > text.length || equals === -1 || equals >= end || text[end - 1] !== 0x0a)
      throw new DamagedFile('a pax header is damaged')
    const key = text.toString('latin1', at + digits.length + 1, Math.min(equals, at + 60))
    const value = text.subarray(equals + 1, end - 1)
    if (key === 'path' || key === 'GNU.sparse.name') [said.path, said.pathIsText] = [value, true]
    else if (key === 'linkpath') said.target = value
    else if (key === 'size') {
      said.size = Number(value.toString('latin1'))
      if (!/^\d+$/.test(value.toString('latin1')) || !Number.isSafeInteger(said.size))
        throw new DamagedFile('a pax header claims a size that no file has')
    }
    if (key.startsWith('GNU.sparse.')) said.isSparse = true
    at = end
  }
  return said
}
