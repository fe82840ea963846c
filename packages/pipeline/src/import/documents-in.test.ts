import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Document } from '@rank-rank/core';
import { afterAll, describe, expect, it } from 'vitest';
import { documentsIn } from './documents-in.ts';
import type { ImportOptions } from './import-options.ts';
import { schemaText } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function read(path: string | string[], options: ImportOptions = {}): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of documentsIn(path, options)) documents.push(document);
  return documents;
}

describe('imports', () => {
  it('read JSONL as it is, and by an inferred schema where it has fields of its own', async () => {
    expect(await read(file('a.jsonl', '{"_id": "1", "title": "T", "text": "x"}\n'))).toEqual([{ id: '1', title: 'T', text: 'x' }]);
    const schemas: string[] = [];
    const path = file(
      'b.jsonl.gz',
      gzipSync(
        '{"slug":"s","headline":"H","body":"long words","stars":4,"ok":true}\n{"slug":"t","headline":"","body":"more","stars":null}\n',
      ),
    );
    expect(await read(path, { onSchema: (_, schema) => schemas.push(schemaText(schema)) })).toEqual([
      { id: 's', title: 'H', text: 'long words', metadata: { stars: 4, ok: true } },
      { id: 't', text: 'more' },
    ]);
    expect(schemas).toEqual(['id: slug; text: body; title: headline; metadata: stars (number), ok (boolean)']);
    expect(await read(file('c.json', '{"items": [{"id": 7, "text": "seven"}]}'))).toEqual([{ id: '7', text: 'seven' }]);
  });

  it('read CSV with quotes, line breaks and numbers, and take the columns that are named', async () => {
    const path = file(
      'a.csv',
      '\uFEFFid,name,notes,year,code\n1,"A, the first","two\nlines and ""quotes""",1999,007\n2,B,short,2001,010\n',
    );
    expect(await read(path)).toEqual([
      { id: '1', title: 'A, the first', text: 'two\nlines and "quotes"', metadata: { year: 1999, code: '007' } },
      { id: '2', title: 'B', text: 'short', metadata: { year: 2001, code: '010' } },
    ]);
    const [first] = await read(path, { columns: { id: 'code', text: 'name' } });
    expect(first).toMatchObject({ id: '007', text: 'A, the first', metadata: { notes: 'two\nlines and "quotes"', id: 1 } });
    await expect(read(path, { columns: { text: 'note' } })).rejects.toThrow(/Did you mean "notes"/);
  });

  it('read TSV with names, and without them as data sets are published', async () => {
    expect(await read(file('a.tsv', 'id\ttext\n1\tan "odd quote\n'))).toEqual([{ id: '1', text: 'an "odd quote' }]);
    expect(await read(file('collection.tsv', '0\tfirst passage\n1\tsecond passage\n'))).toEqual([
      { id: '0', text: 'first passage' },
      { id: '1', text: 'second passage' },
    ]);
    await expect(read(file('wide.tsv', '1\t2\t3\t4\n'))).rejects.toMatchObject({ code: 'PARSE', details: { line: 1 } });
    await expect(read(file('ragged.tsv', 'id\ttext\n1\ta\tb\n'))).rejects.toMatchObject({ code: 'PARSE', details: { line: 2, found: 3 } });
  });

  it('read Markdown: front matter, the first heading, the text as it is written', async () => {
    const [first] = await read(file('a.md', '---\ntitle: On *rivers*\ntags: [water, land]\ndraft: false\n---\n\n# Heading\n\nText.\n'));
    expect(first).toEqual({
      id: 'a.md',
      title: 'On rivers',
      text: '# Heading\n\nText.',
      metadata: { tags: ['water', 'land'], draft: false },
    });
    const notes: string[] = [];
    const [second] = await read(file('b.md', '---\n: [broken\n---\n\nThe *Title* of it\n====\n\nsnake_case stays.'), {
      onNote: (note) => notes.push(note),
    });
    expect(second!.title).toBe('The Title of it');
    expect(notes[0]).toContain('front matter');
  });

  it('read HTML for what a reader reads', async () => {
    const page = `<html lang="de"><head><title>Flüsse &amp; Täler</title><meta name="author" content="A. B."><style>x{}</style></head>
      <body><nav>Home | About</nav><main><h1>Flüsse</h1><p>Sie  <b>mäandern</b>.</p><ul><li>eins</li><li>zwei</li></ul><script>x()</script></main><footer>©</footer></body></html>`;
    expect(await read(file('a.html', page))).toEqual([
      {
        id: 'a.html',
        title: 'Flüsse & Täler',
        text: 'Flüsse\n\nSie mäandern.\n\n- eins\n- zwei',
        metadata: { language: 'de', author: 'A. B.' },
      },
    ]);
    const latin = Buffer.from('<meta charset="iso-8859-1"><p>Stra\xdfe</p>', 'latin1');
    expect((await read(file('b.htm', latin)))[0]!.text).toBe('Straße');
    expect((await read(file('c.html', '<p>unclosed <b>tags<p>and <i>more')))[0]!.text).toBe('unclosed tags\nand more');
  });

  it('read PDF where the library is there', async () => {
    expect(await read(file('a.pdf', minimalPdf('Rivers wander over plains.')))).toEqual([
      { id: 'a.pdf', text: 'Rivers wander over plains.', metadata: { pages: 1 } },
    ]);
    await expect(read(file('b.pdf', 'not a pdf'))).rejects.toMatchObject({ code: 'PARSE' });
  });

  it('read other encodings: UTF-16 by its mark, Windows-1252 with a remark', async () => {
    const notes: string[] = [];
    const onNote = (note: string) => void notes.push(note);
    expect((await read(file('u.txt', Buffer.from('\uFEFFÄpfel', 'utf16le')), { onNote }))[0]!.text).toBe('Äpfel');
    expect(notes).toEqual([]);
    expect((await read(file('w.csv', Buffer.from('id,text\n1,Stra\xdfe\n', 'latin1')), { onNote }))[0]!.text).toBe('Straße');
    expect(notes[0]).toContain('Windows-1252');
  });

  it('refuse what is not what it claims, by name', async () => {
    await expect(read(file('picture.md', '\x89PNG\r\n'))).resolves.toHaveLength(1);
    await expect(read(file('real.md', Buffer.from('\x89PNG\r\n', 'latin1')))).rejects.toThrow(
      /real\.md is a PNG picture; expected a Markdown file/,
    );
    await expect(read(file('zero.txt', Buffer.from([65, 0, 66])))).rejects.toThrow(/binary data/);
    await expect(read(file('x.json', '{"id": 1}\n{"id": 2}'))).rejects.toThrow(/call it \.jsonl/);
    await expect(read(file('y.csv', 'id,id\n1,2\n'))).rejects.toThrow(/two columns/);
    await expect(read(file('q.csv', 'id,text\n1,"open\n'))).rejects.toMatchObject({ code: 'PARSE' });
    await expect(read(file('a.xyz', ''))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(read(join(folder, 'none.md'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await read(file('empty.csv', ''))).toEqual([]);
    expect(await read(file('empty.jsonl', ''))).toEqual([]);
  });

  it('walk through folders: paths are ids, tools and hidden files are left out, and what is broken is told', async () => {
    file('notes/b/two.md', '# Two');
    file('notes/one.txt', 'one');
    file('notes/.hidden/x.md', 'x');
    file('notes/node_modules/x.md', 'x');
    file('notes/broken.md', Buffer.from('%PDF-1.4 ...'));
    file('notes/photo.jpg', 'x');
    const notes: string[] = [];
    expect((await read(join(folder, 'notes'), { onNote: (note) => notes.push(note) })).map(({ id }) => id)).toEqual([
      'b/two.md',
      'one.txt',
    ]);
    expect(notes).toEqual([expect.stringContaining('broken.md is a PDF'), expect.stringContaining('1 × jpg')]);
    mkdirSync(join(folder, 'nothing'));
    await expect(read(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'EMPTY_INPUT' });
  });

  it('read BEIR folders', async () => {
    file('beir/corpus.jsonl', '{"_id": "d", "title": "", "text": "x"}\n');
    file('beir/queries.jsonl', '{"_id": "q", "text": "x"}\n');
    expect(await read(join(folder, 'beir'))).toEqual([{ id: 'd', text: 'x' }]);
  });
});

/** The smallest PDF that holds a line of text. */
function minimalPdf(text: string): string {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 100] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${text.length + 31} >>\nstream\nBT /F1 12 Tf 10 50 Td (${text}) Tj ET\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const places = objects.map((object, i) => {
    const at = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = places.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  return `${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF`;
}
