import { type Document, RankError } from '@rank-rank/core';

/** The text of a PDF file, page after page. Needs the optional package `unpdf`. */
export async function pdfDocument(id: string, path: string, bytes: Uint8Array): Promise<Document> {
  const { extractText, getDocumentProxy, getMeta } = await import('unpdf').catch((error: unknown) => {
    throw new RankError(
      'MISSING_DEPENDENCY',
      `${path} is a PDF, and reading it needs the package unpdf. Install it: npm install unpdf`,
      { file: path, package: 'unpdf' },
      { cause: error },
    );
  });
  try {
    const document = await getDocumentProxy(bytes, { verbosity: 0 });
    const { text, totalPages } = await extractText(document, { mergePages: false });
    const { info } = await getMeta(document);
    const title = (info as { readonly Title?: string } | undefined)?.Title;
    return { id, text: text.join('\n\n').trim(), ...(title && { title }), metadata: { pages: totalPages } };
  } catch (error) {
    throw new RankError('PARSE', `${path} is no PDF that can be read: ${(error as Error).message}`, { file: path }, { cause: error });
  }
}
