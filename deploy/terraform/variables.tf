variable "name" {
  description = "Begins the name of all that is made, so that several deploys fit into one account."
  type        = string
  default     = "postroom"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", var.name))
    error_message = "name: 2 to 32 lower-case letters, digits and hyphens, a letter first, no hyphen last."
  }
}

variable "tags" {
  description = "Tags of all that can have some. The tag postroom-deploy is set besides."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "public_url" {
  description = "Where AWS reaches the api: https://HOST, with a path where a proxy adds one. Set it when the api runs and knows the topic; without it nothing is subscribed."
  type        = string
  default     = null

  validation {
    condition     = var.public_url == null || can(regex("^https://[^/?#@\\s]+(/[^?#\\s]*[^/?#\\s])?$", var.public_url))
    error_message = "public_url: https://HOST or https://HOST/PATH, without a slash, a query or a fragment at its end."
  }
}

variable "sender_domains" {
  description = "The only domains that may be registered and sent from. Empty: every domain that a client adds."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for domain in var.sender_domains : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z0-9-]{2,}$", domain))])
    error_message = "sender_domains: names of domains in lower case, such as mail.example.com, non-ASCII ones as punycode."
  }
}

variable "track_opens_and_clicks" {
  description = "Have SES put a picture into each mail, and lead its links through SES, so that opens and clicks are reported."
  type        = bool
  default     = false
  nullable    = false
}

variable "require_tls" {
  description = "Send only over TLS: mail to a server without it bounces."
  type        = bool
  default     = false
  nullable    = false
}

variable "topic_key_arn" {
  description = "A KMS key that encrypts what the topic holds. Its policy must let ses.amazonaws.com call kms:GenerateDataKey and kms:Decrypt. Without it they are not encrypted at rest while SNS delivers them."
  type        = string
  default     = null

  validation {
    condition     = var.topic_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.topic_key_arn))
    error_message = "topic_key_arn: the ARN of a key, such as arn:aws:kms:eu-west-1:123456789012:key/ID; SES cannot use an AWS managed key or an alias."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that are told when an alarm begins and ends. Not the topic of SES's events: it speaks to Postroom only."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "identity" {
  description = "A domain of the operator's own that Terraform registers with SES. Not for domains that clients add: the worker registers those. return_path is the label of its MAIL FROM domain."
  type = object({
    domain      = string
    return_path = optional(string, "send")
  })
  default = null

  validation {
    condition     = var.identity == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z0-9-]{2,}$", var.identity.domain))
    error_message = "identity: domain is the name of a domain in lower case, such as mail.example.com."
  }

  validation {
    condition     = var.identity == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.identity.return_path))
    error_message = "identity: return_path is one label, such as send."
  }
}

variable "identity_dkim" {
  description = "A DKIM key pair of your own for the identity (BYODKIM): the selector, and the private key as base64 without its first and last line. It will be in the state. Without it SES makes the keys (Easy DKIM)."
  type = object({
    selector    = string
    private_key = string
  })
  default   = null
  sensitive = true

  validation {
    condition     = var.identity_dkim == null || var.identity != null
    error_message = "identity_dkim: set identity too; the keys are those of its domain."
  }

  validation {
    condition     = var.identity_dkim == null ? true : can(regex("^[A-Za-z0-9+/]+=*$", var.identity_dkim.private_key))
    error_message = "identity_dkim: private_key is base64 in one line, without -----BEGIN and -----END."
  }
}
