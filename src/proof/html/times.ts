import { scaleUtc } from 'd3-scale'
import type { TimeBound } from '../../drill/record.ts'
import { durationText } from '../../rules/durations.ts'
import { count } from '../../rules/wording.ts'
import type { Proof } from '../proof.ts'
import { recoveryEvidence } from '../recovery-evidence.ts'
import { lossOf, recoveryTimeOf, type StageSpan, stagesOf } from '../times.ts'
import { type Html, html } from './tag.ts'

/** More lanes than these nobody compares; the shorter ones are summed up. */
const mostLanes = 8

/** How much was lost and how long it took: bars against the budgets, the moments, a timeline of the stages. */
export function timesSection(proof: Proof): Html {
  const [loss, time] = [lossOf(proof), recoveryTimeOf(proof)]
  return html`<section id="times">
<h2>How much was lost, and how long it took</h2>
<div class="bounds">${boundCard('Data loss (RPO)', loss)}${
    time === null ? unmeasured() : boundCard('Recovery time (RTO)', time)
  }</div>
${moments(proof)}
${timeline(stagesOf(proof), proof.drill === null ? null : (time?.budget_seconds ?? null), proof.drill === null ? 'Stages of the verification' : 'Stages of the drill')}
</section>`
}

const states = { pass: 'within the budget', fail: 'over the budget', error: 'could not be told' }

function boundCard(name: string, bound: TimeBound): Html {
  const { status, seconds, budget_seconds: budget, detail } = bound
  const value = seconds === null ? 'not known' : durationText(seconds)
  return html`<div class="card bound ${status}">
<div class="head"><h3>${name}</h3><span class="state">${states[status]}</span></div>
<div class="value">${value}${budget === null ? null : html` <small>of ${durationText(budget)} allowed</small>`}</div>
${seconds === null || budget === null ? null : bar(seconds, budget)}
<p class="small muted">${detail}</p>
</div>`
}

function bar(seconds: number, budget: number): Html {
  const end = Math.max(seconds, budget, 1)
  const share = (value: number) => `${((Math.max(0, value) / end) * 100).toFixed(2)}%`
  return html`<div class="bar" role="img" aria-label="${durationText(seconds)} of ${durationText(budget)}"><div class="fill" style="width:${share(seconds)}"></div><div class="budget" style="left:${share(budget)}"></div></div>
<div class="scale"><span>0</span><span>${durationText(end)}${end > budget ? '' : ' (budget)'}</span></div>`
}

function unmeasured(): Html {
  return html`<div class="card bound skip"><div class="head"><h3>Recovery time (RTO)</h3><span class="state">not measured</span></div>
<p class="small muted">Only a drill measures it: from the start of the restore until it was verified. This was a verification alone.</p></div>`
}

function moments({ verification, drill }: Proof): Html {
  const { recovery } = verification
  const list: [string, string | null | undefined][] = [
    ['Failure point', drill?.failure_point ?? verification.failure_point],
    ['Restore point asked for', drill?.restore_point ?? verification.restore_point],
    [
      'Recovery point',
      recovery?.recovery_point == null
        ? 'unknown'
        : `${recovery.recovery_point}, by ${recovery.source ?? 'no evidence'}`,
    ],
    ['Evidence of it', recoveryEvidence(verification) || 'none'],
    ['Drill started', drill?.started_at],
    ['Restore started', drill?.restore_started_at],
    ['Restore completed', drill?.restored_at],
    ['Verified', drill?.verified_at ?? verification.finished_at],
  ]
  return html`<dl class="facts">${list.flatMap(([name, moment]) =>
    moment == null ? [] : [html`<dt>${name}</dt><dd>${moment}</dd>`],
  )}</dl>`
}

function timeline(stages: readonly StageSpan[], budget: number | null, title: string): Html | null {
  const spans = stages.filter(({ started_at }) => Number.isFinite(started_at))
  if (spans.length === 0) return null
  const start = Math.min(...spans.map(({ started_at }) => started_at))
  const end = Math.max(start + 1, ...spans.map(({ started_at, ended_at }) => ended_at ?? started_at))
  // As if it began at midnight: then the ticks are round times since the start.
  const scale = scaleUtc([new Date(0), new Date(end - start)], [0, 100])
  const longest = new Set([...spans].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, mostLanes))
  const hidden = spans.filter((span) => !longest.has(span))
  const ticks = scale.ticks(4).filter((tick) => scale(tick) < 92)
  return html`<div class="timeline"><h3>${title}</h3>
${spans.filter((span) => longest.has(span)).map((span) => lane(span, (at) => scale(new Date(at - start)), end, budget))}
<div class="stage"><span></span><div class="axis">${ticks.map((tick) => html`<span style="left:${scale(tick).toFixed(2)}%">${tick.getTime() === 0 ? '0' : durationText(tick.getTime() / 1000)}</span>`)}</div><span></span></div>
${
  hidden.length === 0
    ? null
    : html`<p class="small muted">And ${count(hidden.length, 'shorter stage')}, ${durationText(hidden.reduce((sum, span) => sum + lengthOf(span), 0) / 1000)} in all.</p>`
}</div>`
}

function lane(span: StageSpan, place: (at: number) => number, end: number, budget: number | null): Html {
  const { name, started_at, ended_at } = span
  const [left, right] = [place(started_at), place(ended_at ?? end)]
  const took = ended_at === null ? 'never ended' : durationText(lengthOf(span) / 1000)
  const share =
    budget === null || budget <= 0 || ended_at === null
      ? ''
      : `, ${(lengthOf(span) / 10 / budget).toFixed(1)} % of the RTO`
  return html`<div class="stage"><span>${name}</span><div class="lane"><div class="span${ended_at === null ? ' open' : ''}" style="left:${left.toFixed(2)}%;width:${(right - left).toFixed(2)}%"></div></div><span class="num muted">${took}${share}</span></div>`
}

function lengthOf({ started_at, ended_at }: StageSpan): number {
  return ended_at === null ? Number.POSITIVE_INFINITY : ended_at - started_at
}
