/**
 * A text as it can be stored, sent and shown: control characters, but for tabs and line ends, and halves of surrogate pairs become
 * U+FFFD. PostgreSQL takes neither NUL nor such halves, and texts of failures may quote what a file holds.
 */
export const plainText = (text: string): string => text.replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, '\ufffd')
