import { describe, expect, test } from 'vitest'
import { readAccounts } from '../../dashboard/bulk/accounts-file.ts'
import { readCsv, toCsv } from '../../dashboard/bulk/csv.ts'
import { runLines } from '../../dashboard/parts/run-lines.ts'

const cells = (text: string) => readCsv(text).rows.map((row) => row.cells)
const HEAD = 'provider,email,apiKey,maxJobs'

describe('a CSV text', () => {
  test.each([
    ['commas', 'a,b\nc,d'],
    ['semicolons', 'a;b\nc;d'],
    ['tabs', 'a\tb\nc\td'],
    ['CRLF', 'a,b\r\nc,d\r\n'],
    ['CR alone', 'a,b\rc,d'],
    ['a byte order mark', '\uFEFFa,b\nc,d'],
    ['a line that names the separator', 'sep=;\r\na;b\r\nc;d'],
    ['quotes around all', '"a","b"\n"c","d"'],
    ['blanks around cells', ' a , b\n c , "d" '],
    ['empty lines', 'a,b\n\n,\nc,d\n\n'],
  ])('is read with %s', (_, text) => {
    expect(cells(text)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  test('keeps separators, quotes and line ends inside quotes', () => {
    expect(cells('a,b\n"x,""y"";z","1\r\n2"')).toEqual([
      ['a', 'b'],
      ['x,"y";z', '1\r\n2'],
    ])
  })

  test('keeps empty cells, also the last one', () => {
    expect(cells('a,b,c\n,1,')).toEqual([
      ['a', 'b', 'c'],
      ['', '1', ''],
    ])
  })

  test('numbers rows by the line on which they begin', () => {
    const { rows } = readCsv('a\n"1\n2"\n\nlast')
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 5])
  })

  test('with a quote that is not closed, or that text follows, names its line', () => {
    expect(readCsv('a,b\nc,"d\ne,f').openQuote).toBe(2)
    expect(readCsv('a,b\n"c"d,e').openQuote).toBe(2)
  })

  test('that is long is read', () => {
    expect(readCsv(`a\n${'"'.repeat(100_001)}`).openQuote).toBe(2)
    expect(readCsv('x,y\n'.repeat(20_000)).rows).toHaveLength(20_000)
  })

  test('that is written can be read again, and no cell becomes a formula', () => {
    const written = toCsv([
      ['a', 'say "hi"; now'],
      ['=cmd()', ''],
    ])
    expect(written).toBe('a,"say ""hi""; now"\r\n\'=cmd(),\r\n')
    expect(cells(written)[0]).toEqual(['a', 'say "hi"; now'])
  })
})

describe('a list of accounts', () => {
  test('becomes one body a line', () => {
    const text = `Provider;E-Mail;API key;max_jobs;accessKey;secretKey;region
HeyGen;carol@example.com;sk_1;3
kling;kim@example.com;;2;ak;sk;beijing`
    expect(readAccounts(text).lines).toEqual([
      {
        line: 2,
        provider: 'heygen',
        email: 'carol@example.com',
        body: { email: 'carol@example.com', apiKey: 'sk_1', maxJobs: 3 },
      },
      {
        line: 3,
        provider: 'kling',
        email: 'kim@example.com',
        body: {
          email: 'kim@example.com',
          accessKey: 'ak',
          secretKey: 'sk',
          region: 'beijing',
          maxJobs: 2,
        },
      },
    ])
  })

  test.each([
    ['', 'Paste a text with a header line first.'],
    [HEAD, 'There is no line below the header line.'],
    ['heygen,a@b.c,sk_secret,3', 'The first line must name the columns'],
    ['provider,maxJobs,color\nheygen,3,red', 'columns that are not known: color'],
    ['provider,apiKey\nheygen,sk', 'The header has no column maxJobs'],
    ['provider,maxJobs,apiKey,api_key\nheygen,3,a,b', 'the column apiKey twice'],
    [`${HEAD}\nheygen,"a@b.c,sk,3`, 'The quote in line 2 is not closed'],
  ])('is refused as a whole: %j', (text, words) => {
    const { lines, problem } = readAccounts(text)
    expect(lines).toEqual([])
    expect(problem).toContain(words)
    expect(problem).not.toContain('sk_secret')
  })

  test.each([
    [',a@b.c,sk,3', 'provider is empty'],
    ['sora,a@b.c,sk,3', 'provider must be heygen or kling'],
    ['heygen,a@b.c,,3', 'apiKey is empty'],
    ['heygen,a@b.c,sk,', 'maxJobs must be a whole number'],
    ['heygen,a@b.c,sk,1.5', 'maxJobs must be a whole number'],
    ['heygen,a@b.c,sk,0', 'maxJobs must be a whole number'],
    ['kling,a@b.c,,3', 'Give an apiKey, or an accessKey'],
    ['heygen,a@b.c,sk,3,more', 'The line has 5 cells, the header has 4.'],
  ])('says what is wrong with the line %j', (line, words) => {
    expect(readAccounts(`${HEAD}\n${line}`).lines[0]?.problem).toContain(words)
  })

  test.each([
    ['heygen,ak,,', 'A heygen account has no accessKey'],
    ['kling,ak,,', 'secretKey is empty'],
    ['kling,,sk,', 'accessKey is empty'],
  ])('says what a provider does not take: %j', (line, words) => {
    const { lines } = readAccounts(`provider,accessKey,secretKey,apiKey,maxJobs\n${line},2`)
    expect(lines[0]?.problem).toContain(words)
  })

  test('names the earlier line of the same key or the same email', () => {
    const { lines } = readAccounts(
      `${HEAD}\nheygen,a@b.c,sk_1,3\nheygen,A@b.c,sk_2,3\nheygen,,sk_1,3\nkling,a@b.c,sk_1,3`
    )
    expect(lines.map(({ problem }) => problem)).toEqual([
      undefined,
      'The same account stands in line 2.',
      'The same account stands in line 2.',
      undefined,
    ])
  })
})

describe('a run', () => {
  test('works on three lines at a time and on each once', async () => {
    let atOnce = 0
    let most = 0
    const done: number[] = []
    await runLines([1, 2, 3, 4, 5, 6, 7], new AbortController().signal, async (line) => {
      most = Math.max(most, (atOnce += 1))
      await new Promise((resolve) => setImmediate(resolve))
      atOnce -= 1
      done.push(line)
    })
    expect(most).toBe(3)
    expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('that is stopped begins no other line', async () => {
    const stop = new AbortController()
    const begun: number[] = []
    await runLines([1, 2, 3, 4, 5, 6], stop.signal, async (line) => {
      begun.push(line)
      stop.abort()
      await Promise.resolve()
    })
    expect(begun).toEqual([1])
  })
})
