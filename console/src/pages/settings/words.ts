import { dictionary } from '../../app/language.ts';

export const settingsWords = dictionary(
  { title: '设置', what: '接口密钥、用户与角色、审计日志、沙箱控制。' },
  { title: 'Settings', what: 'API keys, users and roles, the audit log, sandbox controls.' },
);
