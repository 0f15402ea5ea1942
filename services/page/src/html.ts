/** A piece of HTML whose text has been escaped. */
export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text
  }
}

export type Content = Html | string | number | null | undefined | false | readonly Content[]

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/**
 * A template that escapes all inserted content except `Html`. Null, undefined and false insert nothing. Text from
 * outside reaches the page only through this template.
 *
 * @example html`<td title="${name}">${rows.map((row) => html`<b>${row}</b>`)}</td>`
 */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(parts.map((part, i) => part + (i < contents.length ? render(contents[i]) : '')).join(''))
}

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (content instanceof Html) return content.text
  if (typeof content === 'object') return content.map(render).join('')
  return String(content).replace(/[&<>"']/g, (character) => escapes[character]!)
}
