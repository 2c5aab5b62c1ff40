import { Button, Form, Input, Modal, Select, Switch } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Limits, Role } from '../../api/me.ts';
import type { User, UserFields } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { useMe } from '../../app/session.tsx';
import { ErrorText } from '../../parts/error-text.tsx';
import { partWords } from '../../parts/words.ts';
import { LimitFields, NO_LIMITS } from './limit-fields.tsx';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

const ROLES = ['admin', 'operator', 'viewer'] as const;

/** What a user is and may do: for a new one, and to change one. `save` rejects to say that it failed. */
export function UserForm({
  user,
  onSave,
  onClose,
}: {
  /** null: a new one. */
  readonly user: User | null;
  readonly onSave: (fields: UserFields) => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords(settingsWords);
  const { cancel } = useWords(partWords);
  const me = useMe();
  const isSelf = user !== null && user.id === me.user?.id;
  const [username, setUsername] = useState(user?.username ?? '');
  const [name, setName] = useState(user?.name ?? '');
  const [role, setRole] = useState<Role>(user?.role ?? 'operator');
  const [reveal, setReveal] = useState<boolean | null>(user?.reveal ?? null);
  const [limits, setLimits] = useState<Limits>(user ?? NO_LIMITS);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isOpen, setOpen] = useState(true);
  // As the hub has it: operators may unless told otherwise, an admin always.
  const mayReveal = role === 'admin' || (reveal ?? role === 'operator');
  const save = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { accounts, merchants, shops } = limits;
      const own = name.trim();
      await onSave({
        username: username.trim(),
        name: own === '' ? null : own,
        ...(isSelf ? {} : { role, reveal: mayReveal, accounts, merchants, shops }),
      });
      setOpen(false);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open={isOpen}
      title={user === null ? words.addUser : words.editUser(user.username)}
      onCancel={() => setOpen(false)}
      afterClose={onClose}
      destroyOnHidden
      footer={
        <>
          <Button onClick={() => setOpen(false)}>{cancel}</Button>
          <Button type="primary" loading={isBusy} disabled={username.trim() === ''} onClick={() => void save()}>
            {user === null ? words.addUser : words.save}
          </Button>
        </>
      }
    >
      {user === null && <p className="muted">{words.userHint}</p>}
      <Form layout="vertical" component="div" className={styles['form'] ?? ''}>
        <Form.Item label={words.username} htmlFor="user-username">
          <Input
            id="user-username"
            value={username}
            maxLength={64}
            autoComplete="off"
            onChange={({ target }) => setUsername(target.value)}
          />
        </Form.Item>
        <Form.Item label={words.name} htmlFor="user-name">
          <Input
            id="user-name"
            value={name}
            maxLength={200}
            autoComplete="off"
            onChange={({ target }) => setName(target.value)}
          />
        </Form.Item>
        {isSelf ? (
          <p className="muted">{words.notSelf}</p>
        ) : (
          <>
            <Form.Item label={words.role} htmlFor="user-role" extra={words.roleHints[role]}>
              <Select<Role>
                id="user-role"
                value={role}
                onChange={setRole}
                options={ROLES.map((value) => ({ value, label: words.roles[value] }))}
              />
            </Form.Item>
            {user !== null && role !== user.role && <p className={styles['warned']}>{words.roleEnds}</p>}
            <Form.Item label={words.reveal} htmlFor="user-reveal" extra={words.revealHint}>
              <Switch id="user-reveal" checked={mayReveal} disabled={role === 'admin'} onChange={setReveal} />
            </Form.Item>
            <LimitFields idPrefix="user" limits={limits} onChange={setLimits} />
          </>
        )}
      </Form>
      {error !== null && (
        <div role="alert">
          <ErrorText error={error} />
        </div>
      )}
    </Modal>
  );
}
