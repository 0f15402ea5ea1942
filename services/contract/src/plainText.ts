/**
 * Makes a text safe to store, send and show. Control characters (except tabs and line ends) and halves of surrogate
 * pairs become U+FFFD. PostgreSQL accepts neither NUL nor such halves, and a failure's text may quote the content of a
 * file.
 */
export const plainText = (text: string): string => text.replace(/[^\P{Cc}\t\n\r]|\p{Cs}/gu, '\ufffd')
