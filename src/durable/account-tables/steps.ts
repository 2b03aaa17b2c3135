/** The steps of the schema of AccountSlots. */
import type { Step } from '#durable/lifecycle/schema.ts'
import { beginUsage, USAGE_SCHEMA } from '#durable/usage/usage-rows.ts'
import { ALERT_STATES_SCHEMA } from './alert-state-rows.ts'
import { DELIVERIES_SCHEMA } from './delivery-rows.ts'
import { ENDED_SCHEMA, OWED_SCHEMA } from './ended-jobs.ts'
import { FORWARDED_SCHEMA } from './forwarded-event-rows.ts'
import { LIVE_SCHEMA, WAITED_SCHEMA, WORK_SCHEMA } from './live-rows.ts'
import { TARGETS_SCHEMA } from './target-row.ts'

/** Only append steps. The first is the schema from before versions. old-rows.ts empties its tables `ended`, `late` and `delivery`. */
export function stepsAt(now: () => number): Step[] {
  return [
    (sql) =>
      void sql.exec(`
      CREATE TABLE IF NOT EXISTS account (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT, retired_at INTEGER);
      CREATE TABLE IF NOT EXISTS lease (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS ended (id TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS parking (scope TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS hook (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS early (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS late (watch TEXT PRIMARY KEY, ended_at INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS delivery (id TEXT PRIMARY KEY, is_pending INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID`),
    (sql) => void sql.exec(ENDED_SCHEMA + DELIVERIES_SCHEMA + FORWARDED_SCHEMA),
    (sql) =>
      void sql.exec(
        'CREATE TABLE IF NOT EXISTS proof (part TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'
      ),
    (sql) =>
      void sql.exec(
        'CREATE TABLE IF NOT EXISTS legacy (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL)'
      ),
    (sql) => void sql.exec(LIVE_SCHEMA),
    (sql) => void sql.exec(ALERT_STATES_SCHEMA),
    (sql) => void sql.exec(TARGETS_SCHEMA),
    (sql) => void sql.exec(OWED_SCHEMA),
    (sql) => void sql.exec(WAITED_SCHEMA),
    (sql) => void sql.exec(WORK_SCHEMA),
    (sql) => {
      sql.exec(USAGE_SCHEMA)
      beginUsage(sql, now())
    },
  ]
}
