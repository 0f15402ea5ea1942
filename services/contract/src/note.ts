/**
 * Notes tell what a preparation did with an upload without being asked: it ignored, followed, renamed or merged
 * something, or took it for something. It does nothing of the kind without a note. The version keeps the notes; the
 * SDK's answer and the contact sheet show them. A note refuses nothing: what cannot be used is an issue.
 */
import { z } from 'zod'

/** Every kind of note and its text, in the order in which they are shown. Examples after the text name the files. */
export const noteKinds = {
  // How the upload was read.
  WRAPPING_FOLDER: 'looked through a folder around everything',
  TAKEN_FOR_SPLIT: 'taken for parts of the data set, not for classes',
  TAKEN_FOR_CLASS: 'taken for classes, although their names are those of parts of a data set',
  VALIDATION_IS_TEST: 'the validation part is the test part, as there is no other',
  TEST_PART_UNLABELLED: 'test pictures without labels became unlabelled ones',
  NESTED_FOLDERS: 'folders inside of a class folder belong to that class',
  TABLE_READ: 'how the table was read',
  TABLE_PATHS: 'paths in the table that were matched with a file by their end',
  FOLDERS_BESIDE_TABLE: 'a table names the classes; the folders of the pictures have no part in it',
  CLASSES_MERGED: 'class names that stand several times in the list of classes became one class',
  ENCODING: 'names or texts that are not UTF-8 were read by the encoding given',
  // What was left out.
  IGNORED_LITTER: 'hidden files and what systems leave behind were ignored',
  IGNORED_DOCUMENT: 'files that are no pictures were ignored',
  IGNORED_FOLDER: 'folders without pictures were ignored',
  IGNORED_BESIDE: 'files beside those that hold the data set were ignored',
  LINK_NOT_FOLLOWED: 'links that were not followed',
  FIRST_PAGE: 'of files with several pages or frames, the first was taken',
  // What was changed.
  LINK_FOLLOWED: 'links were followed: what they point to was taken in their place',
  RENAMED_UNICODE: 'names were brought to composed Unicode (NFC)',
  LABEL_TRIMMED: 'space around labels in a table was left out',
  RENAMED_BACKSLASH: 'backslashes in names were taken for the slashes between folders',
  // What somebody should look at.
  DIFFERS_BY_CASE: 'names that differ by capital and small letters alone are kept apart',
  LABELS_DIFFER_BY_FORM: 'labels that differ by case, space or Unicode form alone are kept apart',
  TAKEN_FOR_DUPLICATE: 'exact copies of test pictures were taken out of the other parts',
  DUPLICATE_KEPT: 'exact copies within one part were kept',
  SAME_PICTURE_TWO_LABELS: 'the same picture stands under two labels',
  NEAR_DUPLICATE: 'pictures look nearly like a test picture',
  ONE_COLOUR: 'pictures are nearly one colour',
  CUT_OFF: 'pictures seem to be cut off: their lower part is one gray',
  SKIPPED: 'files that cannot be used were left out, as asked (see skipped)',
} as const

export type NoteCode = keyof typeof noteKinds
export const noteCodes = Object.keys(noteKinds) as [NoteCode, ...NoteCode[]]

/** One kind of action, how often it was done, and its first few examples. */
export const note = z.object({
  code: z.enum(noteCodes),
  message: z.string(),
  count: z.int().positive(),
  examples: z.array(z.string()).max(5), // paths, or paths with what they became
})
export type Note = z.infer<typeof note>
