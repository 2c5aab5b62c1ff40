import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { readPlatforms } from '../api/platforms.ts';
import type { Platform } from '../api/platforms.ts';
import { useLanguage, useWords } from '../app/language.ts';
import styles from './platform-badge.module.css';
import { partWords } from './words.ts';

/** The sign on a badge: what staff call the platform in one letter, on its own colour. */
const SIGNS: Readonly<Record<string, { readonly sign: string; readonly ground: string; readonly ink: string }>> = {
  'meituan-waimai': { sign: '美', ground: '#ffd100', ink: '#3b2c00' },
  'meituan-union': { sign: '联', ground: '#ffb199', ink: '#5a1500' },
  eleme: { sign: '饿', ground: '#0a6fd6', ink: '#ffffff' },
  douyin: { sign: '抖', ground: '#1b1b22', ink: '#ffffff' },
  em: { sign: '供', ground: '#5b3fb5', ink: '#ffffff' },
  vending: { sign: '柜', ground: '#157347', ink: '#ffffff' },
  custom: { sign: '自', ground: '#56616b', ink: '#ffffff' },
};

/** The platforms that this hub knows; they do not change while it runs. */
export function usePlatforms(): readonly Platform[] {
  const { data } = useQuery({
    queryKey: ['platforms'],
    queryFn: ({ signal }) => readPlatforms(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data?.data ?? [];
}

export function usePlatformName(): (id: string) => string {
  const platforms = usePlatforms();
  const language = useLanguage();
  return (id) => platforms.find((platform) => platform.id === id)?.label[language] ?? id;
}

/** What is longer is no kind of callback, but a token that ends the address of one order. */
const LONGEST_TOPIC = 24;

/** What a platform's kind of callback is called: `confirmed` is 订单确认. */
export function useTopicName(): (platform: string, topic: string) => string {
  const platforms = usePlatforms();
  const language = useLanguage();
  // Where there is one address for all there is nothing to tell apart.
  return (platform, topic) =>
    topic === ''
      ? ''
      : (platforms.find(({ id }) => id === platform)?.topics.find(({ name }) => name === topic)?.label[language] ??
        (topic.length > LONGEST_TOPIC ? '' : topic));
}

/** What an action is called: as its platform has it, or as the hub does; else by its bare name. */
export function useActionName(platform: string): (action: string) => string {
  const platforms = usePlatforms();
  const language = useLanguage();
  const hubs: Readonly<Record<string, string>> = useWords(partWords).hubActions;
  const specs = platforms.find(({ id }) => id === platform)?.actions ?? [];
  return (action) => specs.find(({ name }) => name === action)?.label[language] ?? hubs[action] ?? action;
}

/** A platform by its sign, with its name beside it or on hover. */
export function PlatformBadge({
  platform,
  withName = false,
}: {
  readonly platform: string;
  readonly withName?: boolean;
}): ReactNode {
  const name = usePlatformName()(platform);
  const sign = SIGNS[platform] ?? { sign: platform.slice(0, 1).toUpperCase(), ground: '#56616b', ink: '#ffffff' };
  return (
    <span className={styles['badge']} title={withName ? undefined : name}>
      <i className={styles['sign']} style={{ background: sign.ground, color: sign.ink }} aria-hidden lang="zh-CN">
        {sign.sign}
      </i>
      <span className={withName ? undefined : 'only-read'}>{name}</span>
    </span>
  );
}
