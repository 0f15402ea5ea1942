import type { Notes } from '../../notes.js'
import { separators } from './delimitedRows.js'
import type { Table } from './findTables.js'

/** Notes how a table was read, unless its header is plainly `path,label[,split]`. */
export function noteReading({ path, dialect, columns, role }: Table, notes: Notes): void {
  const { header, label, split, otherPaths, otherLabels, labelIsGuess } = columns
  const name = (place: number) => header[place]!.trim()
  const said: string[] = []
  if (dialect.kind === 'separated' && dialect.separator !== ',')
    said.push(`${separators[dialect.separator]} between fields`)
  if (name(columns.path).toLowerCase() !== 'path') said.push(`files by ${name(columns.path)}`)
  if (label !== null && name(label).toLowerCase() !== 'label')
    said.push(`labels by ${name(label)}${labelIsGuess ? ', the only other column' : ''}`)
  if (split !== null && name(split).toLowerCase() !== 'split') said.push(`splits by ${name(split)}`)
  if (role !== null) said.push(`for ${role} by its name`)
  if (otherPaths.length + otherLabels.length > 0)
    said.push(`not by ${[...otherPaths, ...otherLabels].map(name).join(', ')}`)
  const taken = new Set([columns.path, label, split, ...otherPaths, ...otherLabels])
  const rest = header.flatMap((one, place) => (taken.has(place) || one.trim() === '' ? [] : one.trim()))
  if (rest.length > 0)
    said.push(
      `${rest.length === 1 ? 'column' : 'columns'} not read: ${rest.slice(0, 10).join(', ')}${rest.length > 10 ? ', ...' : ''}`,
    )
  if (said.length > 0) notes.add('TABLE_READ', `${path}: ${said.join('; ')}`)
}
