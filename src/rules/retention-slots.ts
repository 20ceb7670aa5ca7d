// The slots of a retention policy: UTC days, ISO weeks (Monday to Sunday), calendar months. No time zone but UTC, so that
// summer time changes nothing.

import { day, startOfDay, utcDay } from './moments.ts'

export const tiers = ['daily', 'weekly', 'monthly'] as const
export type Tier = (typeof tiers)[number]

/** How many slots of each tier have to hold a backup. */
export type SlotCounts = Record<Tier, number>

/** One slot: from its start until just before its end, in milliseconds. */
export interface SlotSpan {
  tier: Tier
  /** 2026-11-23, 2026-W48 or 2026-11. */
  label: string
  start: number
  end: number
}

/** The UTC day with a moment. */
export function dayAt(time: number): SlotSpan {
  const start = startOfDay(time)
  return { tier: 'daily', label: utcDay(start), start, end: start + day }
}

/** The ISO week with a moment; its year is that of its Thursday. */
export function weekAt(time: number): SlotSpan {
  const midnight = startOfDay(time)
  const start = midnight - ((new Date(midnight).getUTCDay() + 6) % 7) * day
  const year = new Date(start + 3 * day).getUTCFullYear()
  const week = Math.floor((start + 3 * day - Date.UTC(year, 0, 1)) / (7 * day)) + 1
  return {
    tier: 'weekly',
    label: `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`,
    start,
    end: start + 7 * day,
  }
}

/** The calendar month with a moment. */
export function monthAt(time: number): SlotSpan {
  const date = new Date(time)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const start = Date.UTC(year, month, 1)
  return { tier: 'monthly', label: utcDay(start).slice(0, 7), start, end: Date.UTC(year, month + 1, 1) }
}

const spanAt = { daily: dayAt, weekly: weekAt, monthly: monthAt }

/** The complete slots of a tier before the one with a moment, newest first. */
export function slotsBefore(tier: Tier, time: number, count: number): SlotSpan[] {
  const slots: SlotSpan[] = []
  for (let end = spanAt[tier](time).start; slots.length < count; ) {
    const slot = spanAt[tier](end - 1)
    slots.push(slot)
    end = slot.start
  }
  return slots
}
