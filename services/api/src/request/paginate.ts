import { Failure } from '@imclr/contract'
import type { Slice } from '@imclr/database'

export interface PageRequest {
  cursor?: string | undefined
  limit: number
}
export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/** Gives one page of a list. It reads one row more than the page holds, to know whether there is another page. */
export async function paginate<Row extends { id: string; createdAt: Date }, Item>(
  request: PageRequest,
  read: (slice: Slice) => Promise<Row[]>,
  toItem: (row: Row) => Item | Promise<Item>,
): Promise<Page<Item>> {
  const rows = await read({
    before: request.cursor === undefined ? null : parseCursor(request.cursor),
    limit: request.limit + 1,
  })
  const onPage = rows.slice(0, request.limit)
  const last = onPage.at(-1)
  return {
    items: await Promise.all(onPage.map(toItem)),
    nextCursor: rows.length > request.limit && last !== undefined ? `${last.createdAt.getTime()}.${last.id}` : null,
  }
}

/** Times have up to 14 digits: PostgreSQL can read the year 5138, which they end in. */
function parseCursor(cursor: string): { createdAt: Date; id: string } {
  const [, time, id] = /^(\d{1,14})\.([a-z]+_[a-z0-9]{8,40})$/.exec(cursor) ?? []
  if (time === undefined || id === undefined) {
    throw new Failure('BAD_INPUT', 'The cursor is not one of ours', {
      issues: [
        {
          path: 'cursor',
          code: 'invalid_format',
          message: 'Not a cursor of this list',
          fix: 'Send nextCursor of the page before, or leave it out for the first page',
        },
      ],
    })
  }
  return { createdAt: new Date(Number(time)), id }
}
