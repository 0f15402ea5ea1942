import { dataFormatOf } from '../dataFormats.js'
import { archiveName, sniff } from './sniff.js'

/** What a file is, in words for the person who sent it as an archive. */
export function describeContent(head: Uint8Array): string {
  const content = sniff(head)
  switch (content) {
    case 'zip':
    case 'tar':
    case 'gzip':
      return `a ${content} archive`
    case 'archive':
      return `an archive of the kind ${archiveName(head)}`
    case 'picture':
      return 'a single picture'
    case 'other': {
      const format = dataFormatOf(head)
      return format === null ? 'of another kind' : `a single ${format.name} file`
    }
  }
}
