import { html, type Content, type Html } from './html.js'
import { style } from './style.js'

/**
 * A complete HTML page that needs nothing else: no script and no request; pictures and drawings are inside. It is
 * readable in light and dark, on narrow screens and on paper.
 */
export const htmlDocument = ({ title, body }: { title: Content; body: Html }): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text
