import type { PublishMessages } from './messages';

export const publish: PublishMessages = {
  keys: '推流密钥',
  title: (camera) => `${camera} 的推流密钥`,
  hint: '摄像机主动连接平台推流，连接时使用下列密钥之一。',
  notListening: '平台没有提供推流地址，请联系平台运维人员。',
  noKeys: '还没有密钥，摄像机无法推流。',
  label: '密钥用途',
  make: '生成密钥',
  once: '请立即复制地址，其中含有密钥，密钥不再显示。',
  address: (protocol) => `${protocol} 地址`,
  copy: '复制',
  copied: '已复制',
  remove: (key) => `删除密钥 ${key}`,
  removeHint: '删除密钥后，使用该密钥的推流随即中断。',
  unnamed: '未命名',
};
