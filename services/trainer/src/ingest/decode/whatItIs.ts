import { archiveName, sniff } from '../archive/sniff.js'
import { dataFormatOf } from '../dataFormats.js'
import { pictureKind } from '../../image/pictureKind.js'
import type { NoPicture, PictureFormat } from '../../image/pictureKind.js'

/** The format of a picture, by its first bytes; or why the file is no picture that can be read. */
export function whatItIs(content: Uint8Array): PictureFormat | NoPicture {
  const kind = sniff(content)
  switch (kind) {
    case 'zip':
    case 'gzip':
    case 'tar':
    case 'archive':
      return {
        code: 'NESTED_ARCHIVE',
        message: `it is an archive within the archive${kind === 'archive' ? `, of the kind ${archiveName(content)}` : ''}`,
        fix: 'Unpack it, and pack its files.',
      }
    case 'picture':
      return pictureKind(content)
    case 'other': {
      const format = dataFormatOf(content)
      if (format === null) return pictureKind(content)
      return {
        code: 'NOT_AN_IMAGE',
        message: `it is a ${format.name} file, and no picture`,
        fix: 'Remove it; or upload it without the pictures, if it holds a data set by itself.',
      }
    }
  }
}
