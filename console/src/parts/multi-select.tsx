import { Select } from 'antd';
import type { SelectProps } from 'antd';
import type { ReactNode } from 'react';

/**
 * Several of a list. The library's own takes Tab for another Enter while its list is open: whoever chose something and
 * went on by Tab had it taken back, and the keyboard never left the field. Here Tab goes on.
 */
export function MultiSelect(props: Omit<SelectProps<string[]>, 'mode'> & { readonly isFree?: boolean }): ReactNode {
  const { isFree = false, ...more } = props;
  return (
    <div
      role="presentation"
      onKeyDownCapture={(event) => {
        if (event.key === 'Tab') event.stopPropagation();
      }}
    >
      <Select<string[]> style={{ width: '100%' }} {...more} mode={isFree ? 'tags' : 'multiple'} />
    </div>
  );
}
