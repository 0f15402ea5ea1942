import { html, type Html } from '../html.js'
import { title } from '../numbers.js'

/** Strips of small pictures side by side, as `data:` URIs of PNG. */
export interface Gallery {
  classes: string[]
  strip: { width: number; height: number }
  severities: number[]
  clean: string
  rows: { corruption: string; strips: string[] }[]
}

/** The user's own test images under every corruption. */
export function gallerySection(gallery: Gallery | null): Html | null {
  if (!gallery) return null
  const { width, height } = gallery.strip
  const scale = Math.max(1, Math.round(60 / height))
  const picture = (src: string, alt: string) =>
    html`<img src="${src}" width="${width * scale}" height="${height * scale}" alt="${alt}" />`
  return html`<section class="long">
    <h2>What the model saw</h2>
    <p class="lead">
      Test images of ${gallery.classes.join(', ')}, as they are and under each corruption, with the same noise as in the
      numbers above.
    </p>
    <div class="scroll">
      <table class="gallery" style="width:auto">
        <thead>
          <tr>
            <th></th>
            ${gallery.severities.map((severity) => html`<th>severity ${severity}</th>`)}
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>As it is</td>
            <td>${picture(gallery.clean, 'uncorrupted')}</td>
            ${gallery.severities.slice(1).map(() => html`<td></td>`)}
          </tr>
          ${gallery.rows.map(
            (row) =>
              html`<tr>
                <td>${title(row.corruption)}</td>
                ${row.strips.map((src, i) => html`<td>${picture(src, `${title(row.corruption)}, severity ${gallery.severities[i]}`)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`
}
