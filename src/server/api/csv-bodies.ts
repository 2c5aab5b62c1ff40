import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { TSchema } from 'typebox';
import { decodeCsv, parseCsvRecords } from '../../core/csv.ts';
import type { CsvRecord } from '../../core/csv.ts';
import { HuidanError } from '../../core/errors.ts';
import { isStorableText } from '../../core/json.ts';
import type { ApiScope } from './context.ts';

export const CSV_TYPE = 'text/csv; charset=utf-8';

/** Takes CSV bodies in this scope, beside JSON: as UTF-8, or in the charset in which Chinese spreadsheets save it. */
export function takeCsvBodies(scope: ApiScope): void {
  scope.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (request, body, done) => {
    const text = decodeCsv(Buffer.isBuffer(body) ? body : Buffer.from(body));
    if (text === undefined || !isStorableText(text)) {
      return done(new HuidanError('malformed_csv', 'It is neither UTF-8 nor GB18030.'));
    }
    // What tells two requests apart, as with JSON.
    request.bodyText = text;
    done(null, text);
  });
}

/** A body that is JSON of this shape, or CSV. */
export const jsonOrCsv = (json: TSchema) => ({
  content: {
    'application/json': { schema: json },
    'text/csv': { schema: Type.String({ description: 'The first row names the columns.' }) },
  },
});

/** An answer of this shape, or CSV where `Accept: text/csv` asks for it. */
export const jsonOrCsvAnswer = (json: TSchema, description: string) => ({
  description,
  content: {
    'application/json': { schema: json },
    'text/csv': { schema: Type.String() },
  },
});

export const wantsCsv = (request: FastifyRequest): boolean => /\btext\/csv\b/iu.test(request.headers.accept ?? '');

/** The records of a CSV body. Errors: `malformed_csv`. */
export function csvRecords(text: string, most: number): readonly CsvRecord[] {
  const records = parseCsvRecords(text);
  if (records === undefined || records.length === 0) {
    throw new HuidanError('malformed_csv', 'It needs a row of names and at least one line below it.');
  }
  if (records.length > most) throw new HuidanError('malformed_csv', `At most ${most} lines go in at once.`);
  return records;
}
