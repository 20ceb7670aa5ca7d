/** The style of the report: light and dark as the reader's system is set, phones, paper. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --raised: #f6f7f9; --ink: #16191d; --muted: #59626e; --line: #dde1e6;
  --pass: #17713a; --pass-tint: #e7f4ec; --fail: #b3261e; --fail-tint: #fbeae9; --unsure: #8a5a00; --unsure-tint: #fdf3dc;
  --after: #2f6bd8; --before: #aab4c0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101317; --raised: #181c22; --ink: #e7eaee; --muted: #9aa4b1; --line: #2b313a;
    --pass: #5bc98a; --pass-tint: #12281c; --fail: #ff8a80; --fail-tint: #331816; --unsure: #f0b849; --unsure-tint: #2e2410;
    --after: #6ea0ff; --before: #5a6572;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 1040px; padding: 32px 24px 64px; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, dl, dd, figure, ul { margin: 0; padding: 0; }
ul { list-style: none; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.87em; }
section { margin-top: 44px; }
h2 { font-size: 20px; line-height: 1.3; margin-bottom: 14px; letter-spacing: -0.01em; }
h3 { font-size: 15px; margin: 0 0 8px; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
.num { text-align: right; font-variant-numeric: tabular-nums; }

.verdict { border: 1px solid var(--line); border-left: 8px solid var(--tone); border-radius: 10px; background: var(--tint); padding: 24px 26px; }
.verified, .pass { --tone: var(--pass); --tint: var(--pass-tint); }
.failed, .fail { --tone: var(--fail); --tint: var(--fail-tint); }
.could_not_verify, .error, .warn, .waived { --tone: var(--unsure); --tint: var(--unsure-tint); }
.skip { --tone: var(--muted); --tint: var(--raised); }
.verdict .above { color: var(--muted); font-size: 13px; }
.verdict h1 { color: var(--tone); font-size: 38px; line-height: 1.15; letter-spacing: -0.02em; margin: 4px 0 8px; }
.verdict .why { font-size: 17px; line-height: 1.5; }
.pills { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 16px; }
.pill { border: 1px solid var(--line); border-radius: 999px; background: var(--page); padding: 2px 12px; font-size: 13px; }
.pill b { color: var(--tone); font-variant-numeric: tabular-nums; }
.rehearsal { border: 1px dashed var(--unsure); color: var(--unsure); border-radius: 8px; padding: 8px 14px; margin-bottom: 16px; font-size: 14px; }

.bounds { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 16px; }
.card { border: 1px solid var(--line); border-radius: 10px; background: var(--raised); padding: 16px 18px; min-width: 0; }
.bound .head { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; }
.bound .value { font-size: 24px; font-weight: 650; letter-spacing: -0.01em; }
.bound .value small { font-size: 14px; font-weight: 400; color: var(--muted); }
.bar { position: relative; height: 14px; border-radius: 7px; background: var(--line); margin: 12px 0 6px; }
.bar .fill { position: absolute; inset: 0 auto 0 0; border-radius: 7px; background: var(--tone); min-width: 4px; }
.bar .budget { position: absolute; top: -4px; bottom: -4px; width: 2px; margin-left: -2px; background: var(--ink); }
.scale { display: flex; justify-content: space-between; font-size: 12px; color: var(--muted); }
.state { color: var(--tone); font-weight: 600; font-size: 13px; white-space: nowrap; }

.facts { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin-top: 18px; }
.facts dt { color: var(--muted); }
.timeline { margin-top: 24px; }
.stage { display: grid; grid-template-columns: 200px 1fr 178px; gap: 12px; align-items: center; padding: 3px 0; font-size: 13px; }
.stage .lane { position: relative; height: 12px; background: var(--raised); border-radius: 3px; }
.stage .span { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: 3px; background: var(--after); }
.stage .open { background: repeating-linear-gradient(45deg, var(--unsure) 0 4px, transparent 4px 8px); }
.axis { position: relative; height: 18px; font-size: 11px; color: var(--muted); }
.axis span { position: absolute; white-space: nowrap; }

table { width: 100%; border-collapse: collapse; font-size: 14px; }
th { text-align: left; color: var(--muted); font-weight: 500; font-size: 12.5px; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: bottom; }
td { padding: 8px 10px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th, .num, .nowrap { overflow-wrap: normal; white-space: nowrap; }
td.day { width: 200px; } td.title { min-width: 140px; }
th.num, td.num { text-align: right; padding-left: 10px; }
tr.lost td.delta { color: var(--fail); font-weight: 600; }
.chart { display: block; width: 100%; min-width: 150px; max-width: 260px; height: auto; }
.chart text { fill: var(--muted); font-size: 9px; font-family: inherit; }
.chart .was { fill: var(--before); } .chart .is { fill: var(--after); }
.chart .point { stroke: var(--fail); stroke-dasharray: 2 2; }
.chart .base { stroke: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: 16px; font-size: 12.5px; color: var(--muted); margin-top: 10px; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; background: var(--swatch); }

details > summary { cursor: pointer; color: var(--muted); font-size: 13.5px; padding: 6px 0; }
details > summary:hover { color: var(--ink); }
.family { border-top: 1px solid var(--line); padding: 14px 0; }
.family > .head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; align-items: baseline; }
.badge { display: inline-block; border-radius: 4px; padding: 1px 8px; font-size: 12px; font-weight: 650; color: var(--tone); background: var(--tint); border: 1px solid var(--tone); white-space: nowrap; }
.finding { border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 8px; background: var(--raised); padding: 12px 16px; margin-top: 10px; }
.finding h4 { font-size: 14px; font-weight: 600; display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: baseline; }
.finding p { margin-top: 6px; }
.finding dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin-top: 8px; font-size: 13.5px; }
.finding dt { color: var(--muted); }
.finding dd { white-space: pre-wrap; }
.finding .todo { font-weight: 600; white-space: normal; }
.rows li { padding: 4px 0; border-bottom: 1px solid var(--line); font-size: 13.5px; }
pre { margin: 8px 0 0; padding: 12px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; font-size: 12px; line-height: 1.45; overflow-x: auto; white-space: pre; }
.shot { margin-top: 12px; } .shot img { max-width: 100%; border: 1px solid var(--line); border-radius: 8px; }
.shot figcaption { font-size: 12.5px; color: var(--muted); }
footer { margin-top: 48px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 12.5px; color: var(--muted); }

@media (max-width: 680px) {
  body { padding: 16px 14px 40px; }
  section { margin-top: 34px; }
  .verdict { padding: 18px 16px; border-left-width: 6px; }
  .verdict h1 { font-size: 29px; } .verdict .why { font-size: 15.5px; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: 8px; }
  .stage { grid-template-columns: 1fr auto; gap: 2px 12px; padding: 6px 0; }
  .stage .lane { grid-column: 1 / -1; grid-row: 2; }
  .axis { display: none; }
  table.stack thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table.stack, table.stack tbody, table.stack tr, table.stack td { display: block; width: 100%; }
  table.stack tr { border-bottom: 1px solid var(--line); padding: 10px 0; }
  table.stack td { display: grid; grid-template-columns: 118px 1fr; gap: 10px; border: 0; padding: 2px 0; text-align: left; }
  table.stack td::before { content: attr(data-label); color: var(--muted); font-size: 12.5px; }
  table.stack td.title { display: block; font-weight: 600; } table.stack td.title::before { content: none; }
  table.stack td:empty { display: none; }
  .finding dl { grid-template-columns: 1fr; gap: 0; } .finding dd { margin-bottom: 6px; }
  pre { white-space: pre-wrap; }
  .num, .nowrap { white-space: normal; } td.day { width: auto; } td.title { min-width: 0; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --raised: #fff; --ink: #000; --muted: #444; --line: #bbb;
    --pass: #0b5a2b; --pass-tint: #fff; --fail: #9b1c16; --fail-tint: #fff; --unsure: #704800; --unsure-tint: #fff;
    --after: #2f6bd8; --before: #aaa;
  }
  @page { margin: 16mm 14mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .bar .fill, .bar, .stage .span, .stage .lane, .legend i, .badge { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .verdict, .card, .finding, tr, .stage { break-inside: avoid; }
  h2, h3, .family > .head { break-after: avoid; }
  details::details-content { content-visibility: visible; display: block; height: auto; overflow: visible; }
  details > summary { list-style: none; }
  pre { white-space: pre-wrap; font-size: 8pt; }
}
`
