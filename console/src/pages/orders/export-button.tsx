import { DownloadOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Button, Checkbox, Modal } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { EXPORT_COLUMNS, startOrdersExport } from '../../api/exports.ts';
import type { ExportColumn } from '../../api/exports.ts';
import type { OrderFilter } from '../../api/orders.ts';
import { newIdempotencyKey } from '../../api/request.ts';
import { useWords } from '../../app/language.ts';
import { ErrorText } from '../../parts/error-text.tsx';
import { USUAL_EXPORT_COLUMNS, keepExportColumns, loadExportColumns, shownColumns } from './export-columns.ts';
import { ExportList } from './export-list.tsx';
import type { ColumnName } from './order-columns.tsx';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

/** Has the hub make files of what the filter finds, and shows those that were made. */
export function ExportButton({
  filter,
  shown,
}: {
  readonly filter: OrderFilter;
  readonly shown: readonly ColumnName[];
}): ReactNode {
  const words = useWords(ordersWords);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => setOpen(true)}>
        {words.export}
      </Button>
      <Modal
        open={isOpen}
        title={words.export}
        width={680}
        footer={null}
        destroyOnHidden
        onCancel={() => setOpen(false)}
      >
        <ExportForm filter={filter} shown={shown} />
        <ExportList />
      </Modal>
    </>
  );
}

function ExportForm({
  filter,
  shown,
}: {
  readonly filter: OrderFilter;
  readonly shown: readonly ColumnName[];
}): ReactNode {
  const words = useWords(ordersWords);
  const client = useQueryClient();
  const [columns, setColumns] = useState(loadExportColumns);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const choose = (wanted: readonly ExportColumn[]): void => {
    setColumns(wanted);
    keepExportColumns(wanted);
  };
  const start = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await startOrdersExport({ filter, columns }, newIdempotencyKey());
      await client.invalidateQueries({ queryKey: ['exports'] });
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={styles['export']}>
      <p className="muted">{Object.keys(filter).length === 0 ? words.exportAll : words.exportHint}</p>
      <fieldset className={styles['exportColumns']}>
        <legend>
          {words.exportColumns(String(columns.length))}
          <span>
            <Button type="link" size="small" onClick={() => choose(USUAL_EXPORT_COLUMNS)}>
              {words.usualColumns}
            </Button>
            <Button type="link" size="small" onClick={() => choose(shownColumns(shown))}>
              {words.shownColumns}
            </Button>
            <Button type="link" size="small" onClick={() => choose(EXPORT_COLUMNS)}>
              {words.allColumns}
            </Button>
          </span>
        </legend>
        {EXPORT_COLUMNS.map((name) => (
          <Checkbox
            key={name}
            checked={columns.includes(name)}
            onChange={({ target }) =>
              choose(EXPORT_COLUMNS.filter((other) => (other === name ? target.checked : columns.includes(other))))
            }
          >
            {words.fileColumns[name]}
          </Checkbox>
        ))}
      </fieldset>
      {error !== null && (
        <div role="alert">
          <ErrorText error={error} />
        </div>
      )}
      <Button
        type="primary"
        icon={<DownloadOutlined />}
        loading={isBusy}
        disabled={columns.length === 0}
        onClick={() => void start()}
      >
        {words.exportStart}
      </Button>
    </div>
  );
}
