import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { EmptyState } from '../parts/empty-state.tsx';
import { useWords } from './language.ts';
import { appWords } from './words.ts';

export function NotFound(): ReactNode {
  const words = useWords(appWords);
  const navigate = useNavigate();
  return (
    <EmptyState title={words.notFound}>
      <Button type="primary" onClick={() => void navigate('/board')}>
        {words.toBoard}
      </Button>
    </EmptyState>
  );
}
