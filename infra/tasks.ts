import { Duration, RemovalPolicy, type Stack, Validations } from 'aws-cdk-lib'
import { Repository } from 'aws-cdk-lib/aws-ecr'
import {
  type ContainerDefinition,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  type HealthCheck,
  LinuxParameters,
  LogDriver,
  OperatingSystemFamily,
  type Secret as TaskSecret,
} from 'aws-cdk-lib/aws-ecs'
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { FargateOptions } from './options.ts'

/** What an API or a worker runs as. */
export interface TaskParts {
  readonly fargate: FargateOptions
  /** Null: the image's own, which is that of an API. */
  readonly command: readonly string[] | null
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, TaskSecret>>
  /** What the service may do. */
  readonly policy: IManagedPolicy
}

/** Two renderers. */
const SIZE = { cpu: 2048, memoryLimitMiB: 4096 }
/** Longer than an API takes: DRAIN_SECONDS, then up to 20 s to finish. */
const STOP_TIMEOUT = Duration.seconds(60)

/** The image sets HEARTBEAT_FILE; without a Node of its own. The Dockerfile and deploy/k8s have the same. */
const HEARTBEAT_CHECK = 'find "$HEARTBEAT_FILE" -mmin -1 | grep -q .'

const HEALTH_CHECK: HealthCheck = {
  command: ['CMD-SHELL', HEARTBEAT_CHECK],
  interval: Duration.seconds(10),
  timeout: Duration.seconds(5),
  retries: 3,
  startPeriod: Duration.seconds(60),
}

/** A task of one container, which is not root, cannot write but to /tmp, and is restarted when its heartbeat file is old. */
export function createTask(
  stack: Stack,
  id: string,
  parts: TaskParts,
): { task: FargateTaskDefinition; container: ContainerDefinition; logGroup: LogGroup } {
  const { fargate, command, environment, secrets, policy } = parts
  const task = new FargateTaskDefinition(stack, `${id}Task`, {
    ...SIZE,
    runtimePlatform: {
      cpuArchitecture: fargate.architecture === 'arm64' ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    },
  })
  task.taskRole.addManagedPolicy(policy)
  const logGroup = new LogGroup(stack, `${id}Logs`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.RETAIN,
  })
  const container = task.addContainer(id, {
    image: imageOf(stack, `${id}Image`, fargate.image),
    ...(command ? { command: [...command] } : {}),
    environment,
    secrets,
    healthCheck: HEALTH_CHECK,
    logging: LogDriver.awsLogs({ logGroup, streamPrefix: id.toLowerCase() }),
    linuxParameters: new LinuxParameters(stack, `${id}Linux`, { initProcessEnabled: true }),
    readonlyRootFilesystem: true,
    stopTimeout: STOP_TIMEOUT,
  })
  // The image declares /tmp as a volume, so that its user may write there.
  task.addVolume({ name: 'tmp' })
  container.addMountPoints({ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false })
  Validations.of(task).acknowledge(
    {
      id: 'AwsSolutions-ECS2',
      reason: 'These variables are no secrets: tokens, keys and passwords come from Secrets Manager.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken, with which images are pulled, can be allowed for no resource but *.',
    },
  )
  return { task, container, logGroup }
}

/** An image of a private ECR needs a permission, others are public. */
function imageOf(stack: Stack, id: string, image: string): ContainerImage {
  const [, account, region, name, tag] =
    /^(\d{12})\.dkr\.ecr\.([\w-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)[:@](.+)$/.exec(image) ?? []
  if (!account || !region || !name || !tag) return ContainerImage.fromRegistry(image)
  const repository = Repository.fromRepositoryAttributes(stack, id, {
    repositoryArn: stack.formatArn({ service: 'ecr', account, region, resource: 'repository', resourceName: name }),
    repositoryName: name,
  })
  return ContainerImage.fromEcrRepository(repository, tag)
}
