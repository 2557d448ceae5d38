"""Where bytes lie: folders of this machine and prefixes of S3 buckets, with one interface (`base.Objects`)."""
