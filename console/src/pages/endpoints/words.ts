import { dictionary } from '../../app/language.ts';

export const endpointsWords = dictionary(
  { title: '推送', what: '接收订单事件的系统：健康状况、每次投递的请求与应答、重放与测试发送。' },
  {
    title: 'Endpoints',
    what: 'The systems that receive your events: health, every attempt with request and answer, replay and test send.',
  },
);
