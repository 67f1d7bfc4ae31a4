# The Action and everything around it in a tenant. Copy this file to a folder that has the Action as
# dist/action.js; the secrets come in as TF_VAR_client_secret and TF_VAR_action_secret.

terraform {
  required_version = ">= 1.11"

  required_providers {
    auth0 = { source = "auth0/auth0", version = "~> 1.52" }
  }
}

variable "auth0_domain" {
  description = "The canonical domain of the tenant"
  type        = string
}

variable "custom_domains" {
  description = "The custom domains of the tenant"
  type        = list(string)
  default     = []
}

variable "client_secret" {
  description = "The companion's, 48 random bytes"
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "action_secret" {
  description = "32 characters or more"
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "secrets_version" {
  description = "One more whenever a secret or a setting has another value"
  type        = number
  default     = 1
}

resource "auth0_client" "account_linking" {
  name            = "Account linking"
  app_type        = "regular_web"
  is_first_party  = true
  oidc_conformant = true
  grant_types     = ["authorization_code", "client_credentials"]
  callbacks       = [for domain in concat([var.auth0_domain], var.custom_domains) : "https://${domain}/continue"]

  jwt_configuration {
    alg = "RS256"
  }
}

resource "auth0_client_credentials" "account_linking" {
  client_id                = auth0_client.account_linking.id
  authentication_method    = "client_secret_post"
  client_secret_wo         = var.client_secret
  client_secret_wo_version = var.secrets_version
}

resource "auth0_client_grant" "account_linking" {
  client_id = auth0_client.account_linking.id
  audience  = "https://${var.auth0_domain}/api/v2/"
  scopes    = ["update:users"]
}

# One for each connection that may be linked, or is a main login.
resource "auth0_connection_client" "account_linking" {
  connection_id = "con_XXXXXXXXXXXXXXXX"
  client_id     = auth0_client.account_linking.id
}

resource "auth0_action" "account_linking" {
  name    = "account-linking"
  runtime = "node22"
  deploy  = true
  code    = file("${path.module}/dist/action.js")

  supported_triggers {
    id      = "post-login"
    version = "v3"
  }

  secrets_wo {
    name  = "AUTH0_DOMAIN"
    value = var.auth0_domain
  }

  secrets_wo {
    name  = "AUTH0_CLIENT_ID"
    value = auth0_client.account_linking.id
  }

  secrets_wo {
    name  = "AUTH0_CLIENT_SECRET"
    value = var.client_secret
  }

  secrets_wo {
    name  = "ACTION_SECRET"
    value = var.action_secret
  }

  secrets_wo {
    name  = "ENFORCE_EMAIL_VERIFICATION"
    value = "yes"
  }

  secrets_wo {
    name  = "PRIMARY_MAX_AUTH_AGE"
    value = "600"
  }

  # Leave both out if an application cannot confirm a link: it would get none.
  secrets_wo {
    name  = "CONFIRM_LINK"
    value = "yes"
  }

  secrets_wo {
    name  = "RESULT_CLAIM"
    value = "https://app.example.com/linking"
  }

  secrets_wo_version = var.secrets_version
}

resource "auth0_trigger_action" "account_linking" {
  trigger   = "post-login"
  action_id = auth0_action.account_linking.id
}
