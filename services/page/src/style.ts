import { Html } from './html.js'

/** Colours are variables, so that light, dark and paper differ in one place only. Drawings inherit them. */
export const style = new Html(`
:root { color-scheme: light dark; --paper: #fcfcfa; --card: #ffffff; --ink: #1b1e23; --soft: #5d646e; --line: #e2e3df; --accent: #0f6f8c; --second: #b45309; --heat: #c2410c; --on-heat: #ffffff; --good: #0f6f8c }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1b1f25; --ink: #e9e7e2; --soft: #9aa3ae; --line: #2c323a; --accent: #5cc2dd; --second: #f0a04b; --heat: #f2813f; --on-heat: #14171b; --good: #5cc2dd } }
@media print { :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --accent: #0f6f8c; --second: #b45309; --heat: #c2410c; --on-heat: #fff; --good: #0f6f8c } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%; overflow-wrap: anywhere; print-color-adjust: exact; -webkit-print-color-adjust: exact }
main { max-width: 1080px; margin: 0 auto; padding: 40px 24px 80px }
header { margin-bottom: 28px }
h1 { font-size: 30px; line-height: 1.2; margin: 6px 0 8px; letter-spacing: -0.015em; overflow-wrap: anywhere }
h2 { font-size: 20px; line-height: 1.3; margin: 0 0 4px; letter-spacing: -0.01em }
h3 { font-size: 14px; margin: 0 0 8px; font-weight: 600 }
p { margin: 0 0 12px; max-width: 72ch }
section { margin-top: 44px }
.lead, .note { color: var(--soft) }
.note { font-size: 13.5px }
.badge { display: inline-block; font-size: 12px; font-weight: 600; letter-spacing: 0.04em; padding: 2px 10px; border-radius: 99px; background: var(--accent); color: var(--paper) }
.facts { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft); font-size: 14px }
.facts b { color: var(--ink); font-weight: 600; overflow-wrap: anywhere }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 14px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px }
.card .name { font-size: 13px; color: var(--soft) }
.card .value { font-size: 32px; font-weight: 650; letter-spacing: -0.02em; line-height: 1.25 }
.card .value small { font-size: 17px; font-weight: 500; color: var(--soft) }
.card .more { font-size: 13px; color: var(--soft) }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 24px }
.beside { display: flex; flex-wrap: wrap; gap: 8px 48px; align-items: flex-start }
figure { margin: 0 }
figcaption { font-size: 13px; color: var(--soft); margin-top: 4px }
svg { display: block; width: 100%; height: auto; overflow: visible; font: 11px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft) }
.scroll { overflow-x: auto; max-width: 100% }
table { border-collapse: collapse; font-size: 14px; width: 100% }
th { font-weight: 500; color: var(--soft); text-align: right; padding: 5px 10px; white-space: nowrap }
td { white-space: nowrap; text-align: right; padding: 5px 10px; border-top: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
td.name { max-width: 220px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
tr.group td { font-size: 12px; color: var(--soft); padding-top: 14px; border-top: 0; letter-spacing: 0.04em }
.heat td.cell { text-align: center; border: 2px solid var(--paper); border-radius: 5px; min-width: 52px }
.hot { color: var(--on-heat) }
.mean { font-weight: 650 }
.bar { display: inline-block; vertical-align: middle; width: 110px; height: 8px; border-radius: 4px; background: var(--line); position: relative; overflow: hidden }
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--accent); border-radius: 4px }
.confusion td { border: 1px solid var(--paper); text-align: center; padding: 6px 2px; min-width: 40px; font-size: 13px }
.confusion td:first-child { text-align: right; padding-right: 8px; color: var(--soft) }
.confusion thead th { vertical-align: bottom; text-align: left; padding: 0; height: 96px }
.confusion thead th span { display: block; width: 40px; white-space: nowrap; transform: rotate(-50deg) translateX(6px); transform-origin: 0 100% }
.gallery td { text-align: center; padding: 4px 6px }
.gallery td:first-child { text-align: left; white-space: nowrap }
.gallery th { text-align: center }
.gallery img { display: block; margin: 0 auto; image-rendering: pixelated; border-radius: 4px; max-width: none }
ul { margin: 0; padding-left: 20px; max-width: 76ch }
li { margin: 5px 0 }
details { border-top: 1px solid var(--line); padding: 10px 0 }
summary { cursor: pointer; font-weight: 600 }
details > :not(summary) { margin-top: 10px }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere }
footer { margin-top: 56px; border-top: 1px solid var(--line); padding-top: 14px; color: var(--soft); font-size: 13px }
@media (max-width: 560px) { main { padding: 24px 16px 60px } h1 { font-size: 24px } .cards { grid-template-columns: 1fr 1fr; gap: 10px } .card { padding: 12px } .card .value { font-size: 24px } .card .value small { font-size: 14px } .heat td.cell { min-width: 40px; padding: 5px 2px } td, th { padding: 5px 6px } .bar { width: 56px } .gallery img { height: 32px; width: auto } .gallery { font-size: 12.5px } }
@media print { body { font-size: 11pt } main { max-width: none; padding: 0 } section { break-inside: avoid-page } section.long { break-inside: auto } tr, figure, .card { break-inside: avoid } .scroll { overflow: visible } h2 { break-after: avoid } }
`)
